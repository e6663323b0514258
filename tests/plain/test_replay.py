"""`weighbridge replay --plain`: a record is read as it stands, and told at its own pace."""

from __future__ import annotations

import errno
import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from program import Cli
from recording import FOLDER, recorded_events, recorded_run

from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.events import JobKind
from weighbridge.domain.proof.summary import jobs
from weighbridge.plain.exits import Exit
from weighbridge.plain.verbs import replay
from weighbridge.services.runs.store import RunStore
from weighbridge.session.jobs.recorded import load_recording


@pytest.fixture
def packet(tmp_path: Path) -> Path:
    """As much of a packet as a replay reads."""
    (tmp_path / "packet" / "data").mkdir(parents=True)
    (tmp_path / "packet" / "data" / "events.jsonl").write_bytes((FOLDER / "events.jsonl").read_bytes())
    return tmp_path / "packet"


def args(packet: Path | str, job: str = "proof", speed: str = "1") -> Namespace:
    return Namespace(packet=str(packet), job=job, speed=speed, plain=True)


@pytest.mark.parametrize(("speed", "share"), [("1", 1.0), ("10", 0.1), ("step", 0.0)])
def test_a_proof_is_told_at_its_pace(
    packet: Path, speed: str, share: float, capsys: pytest.CaptureFixture[str]
) -> None:
    waits: list[float] = []
    seconds = jobs(recorded_events())[0][-1].t * share
    assert replay.main(args(packet, speed=speed), sleep=waits.append) == Exit.DONE
    assert sum(waits) == pytest.approx(seconds, rel=0.1)
    said = capsys.readouterr().out
    assert said.startswith("replay of the proof in packet; nothing runs")
    for words in ("the engine is there", "loaded in", "warm-up:", "prompt:", "decode", "process", "A team should run"):
        assert words in said
    assert said.count("decode ") <= 6, "figures are throttled, not told for every token"


def test_an_eval_tells_its_marks(packet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replay.main(args(packet, "eval", "step"))
    said = capsys.readouterr().out
    assert "case gate-01: PASS" in said and "case gate-02: FAIL" in said


def test_a_run_is_named_by_its_id_and_read_while_it_is_written(tmp_path: Path) -> None:
    store, run = RunStore(tmp_path), recorded_run()
    folder = store.open(run.id)
    folder.save(run)
    whole = (FOLDER / "events.jsonl").read_bytes()
    (folder.folder / "events.jsonl").write_bytes(whole + b'{"event":"token","t":99.0,"requ')
    found = load_recording(run.id, "eval", store)
    assert found.events[-1].event == "ended" and found.forecast_bytes == run.forecast.total_bytes  # type: ignore[union-attr]
    folder.close()


@pytest.mark.parametrize(
    ("kept", "known"), [("{whole}", True), ("{half", False), ("[]", False), ('{"forecast": null}', False)]
)
def test_the_forecast_of_a_packet_is_drawn_where_it_can_be_told(packet: Path, kept: str, known: bool) -> None:
    forecast = recorded_run().forecast
    assert forecast is not None
    whole = f'{{"forecast": {forecast.model_dump_json()}}}'
    (packet / "data" / "runtime.json").write_text(kept.replace("{whole}", whole))
    found = load_recording(str(packet), "proof", RunStore(packet))
    assert found.forecast_bytes == (forecast.total_bytes if known else None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"event":"nonsense"}\n', "line 2, is not an event"),
        (b'{"event":"spawned","t":1e999,"pid":1}\n', "line 2, is not an event"),
        (b'{"event":"spawned","t":-1.0,"pid":1}\n', "line 2, is not an event"),
        (b"\xff\xfe\n", "line 2, is not an event"),
    ],
)
def test_a_record_that_is_none_gets_one_sentence(packet: Path, line: bytes, said: str) -> None:
    path = packet / "data" / "events.jsonl"
    first = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(first + line)
    with pytest.raises(BadInput, match=said):
        load_recording(str(packet), "proof", RunStore(packet))


def test_what_is_not_there_is_said(tmp_path: Path, packet: Path) -> None:
    store = RunStore(tmp_path)
    for where, said in (
        (str(tmp_path / "none"), "There is no folder or run"),
        ("", "is empty"), (" ", "is empty"), ("x" * 300, "cannot be read: File name too long"),
        ("a\0b", "cannot be read"), ("/dev/null", "is a file"), (str(tmp_path), "is not a packet"),
        ("20260101-000000-abcd", "no run"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            load_recording(where, "proof", store)
    with pytest.raises(BadInput, match="There is no folder or run nope") as raised:
        load_recording("nope", "proof", store)
    assert "weighbridge runs" in raised.value.hint
    lines = (packet / "data" / "events.jsonl").read_bytes().split(b'{"event":"attempt"')
    (packet / "data" / "events.jsonl").write_bytes(b'{"event":"attempt"' + lines[1])
    with pytest.raises(BadInput, match="holds no eval"):
        load_recording(str(packet), "eval", store)


@pytest.mark.parametrize("job", ["proof", "eval"])
def test_a_record_without_a_job_does_not_send_one_to_the_other_kind(tmp_path: Path, packet: Path, job: JobKind) -> None:
    (packet / "data" / "events.jsonl").write_bytes(b"")
    with pytest.raises(BadInput, match="nothing was run") as raised:
        load_recording(str(packet), job, RunStore(tmp_path))
    assert "--job" not in raised.value.hint


@pytest.mark.parametrize("verb", ["replay", "verify"])
def test_a_place_without_rights_is_one_sentence_without_a_number(
    packet: Path, verb: str, here: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.stat

    def guarded(path: Any, *more: Any, **named: Any) -> os.stat_result:
        if isinstance(path, str | Path) and str(path).startswith(str(packet)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *more, **named)

    monkeypatch.setattr(os, "stat", guarded)
    done = here(verb, str(packet))
    assert done.returncode == 2 and "cannot be read: Permission denied." in done.stderr
    assert "Errno" not in done.stderr and len(done.stderr.splitlines()) == 2


def test_a_job_that_is_being_written_is_told_as_far_as_it_is(packet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = packet / "data" / "events.jsonl"
    head = path.read_bytes().split(b'{"event":"token"')[0]
    path.write_bytes(head + b'{"event":"token","t":99.0,"requ')
    assert replay.main(args(packet, speed="step")) == Exit.DONE
    told = capsys.readouterr()
    assert "in packet; still running or cut off: this is the record so far" in told.out
    assert "nothing runs" not in told.out and "interrupted" not in told.out and "safe: no end on record" in told.out
    assert "not measured" not in told.out
    assert "after" not in told.out.split("load average")[1].splitlines()[0] and "(nothing so far)" in told.out
    assert "The last line of the record is cut" in told.err and "weighbridge verify" in told.err


def test_a_night_without_an_event_is_cut_and_said(packet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, waits = packet / "data" / "events.jsonl", list[float]()
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    proof = rows[: next(at for at, row in enumerate(rows) if row["event"] == "ended") + 1]
    for row in proof[20:]:
        row["t"] += 97_200
    path.write_text("".join(json.dumps(row) + "\n" for row in proof))
    replay.main(args(packet), sleep=waits.append)
    told = capsys.readouterr()
    assert sum(waits) < 10 and told.out.count("... 27 h without an event left out") == 1 and not told.err
