"""A run as one file: whole on another machine, silent about this one, and nothing but a run is taken in."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from recording import recorded_run

from weighbridge.domain import intents as want
from weighbridge.domain.flow import status
from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.domain.run import PacketRecord
from weighbridge.services.runs import run_archive
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.session.runs.moving import export_run, import_run

Files = dict[str, bytes]


@pytest.fixture
async def exported(session: Session, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The archive of a run with a proof; its log, prompt and packet speak of this machine."""
    monkeypatch.setenv("HOME", str(tmp_path / "anna"))
    await session.choose_model("bundled")
    session.apply(want.ChangePrompt(value=f"What lies in {store.home}/runs?"))
    async for _ in session.prove():
        pass
    (session.folder / "logs").mkdir(exist_ok=True)
    (session.folder / "logs" / "proof-1.log").write_text(f"loading {Path.home()}/models/x.gguf\n")
    packet = PacketRecord(path=str(tmp_path), seal="", at="", inputs="", complete=True, planned=False)
    session.keep(session.run.model_copy(update={"packet": packet}))
    return export_run(store, session.run.id, tmp_path / "out")


def packed(files: Files | list[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, data)
    return whole.getvalue()


def held(archive: Path) -> Files:
    with zipfile.ZipFile(archive) as found:
        return {name: found.read(name) for name in found.namelist()}


async def test_a_run_goes_to_another_machine(session: Session, exported: Path, tmp_path: Path) -> None:
    there = RunStore(tmp_path / "there")
    run, doubt = import_run(there, exported)
    assert not doubt
    assert there.load(run.id) == run and run.packet is None
    assert run.model and session.run.model and run.model.path == session.run.model.path, "found by its package"
    assert run.proof and session.run.proof and run.proof.figures == session.run.proof.figures
    assert "[data folder]/runs" in run.prompt and status(run, "proof") == "todo", "reworded, and not stale"
    folder = there.open(run.id)
    assert [e.event for e in folder.events()] == [e.event for e in session.events()]
    folder.close()
    with pytest.raises(BadInput, match="is here already"):
        import_run(there, exported)
    assert [path.name for path in there.runs.iterdir()] == [run.id]


def test_an_eval_that_was_edited_is_left_out_and_said(store: RunStore, tmp_path: Path) -> None:
    whole = recorded_run().model_dump(mode="json")
    record = whole["evaluation"]
    failed = next(result for result in record["results"] if not result["passed"])
    marked = {**record, "results": [{**r, "passed": True} if r is failed else r for r in record["results"]]}
    gated = {**record, "gate": {**record["gate"], "gate": "PASSED", "passed": record["gate"]["total"]}}
    told = ((record, ""), (marked, f"{failed['case']} is marked passed"), (gated, "its gate is PASSED with"))
    for at, (evaluation, said) in enumerate(told):
        source, there = tmp_path / f"{at}.zip", RunStore(tmp_path / str(at))
        source.write_bytes(packed({"run.json": json.dumps({**whole, "evaluation": evaluation}).encode()}))
        run, doubt = import_run(there, source)
        assert said in doubt and bool(said) == bool(doubt) == (run.evaluation is None)
        assert there.load(run.id).evaluation == run.evaluation


async def test_an_archive_tells_nothing_of_this_machine(store: RunStore, exported: Path) -> None:
    files = held(exported)
    assert set(files) == {"run.json", "events.jsonl", "logs/proof-1.log"}
    for name, data in files.items():
        assert str(store.home).encode() not in data and str(Path.home() / "models").encode() not in data, name
    assert json.loads(files["run.json"])["model"]["path"] == ""


async def test_an_archive_is_never_written_over(session: Session, store: RunStore, exported: Path) -> None:
    before = exported.read_bytes()
    with pytest.raises(BadInput, match="exists already"):
        export_run(store, session.run.id, exported.parent)
    (exported.parent / "file").write_text("")
    with pytest.raises(OutsideFailed, match="cannot be written"):
        export_run(store, session.run.id, exported.parent / "file")
    assert exported.read_bytes() == before and len(list(exported.parent.iterdir())) == 2


def link(target: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("card.json")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry


def packed_by(how: int, files: Files) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return whole.getvalue()


def broken(files: Files) -> bytes:
    """An archive whose table is whole while the first entry's packed bytes are none."""
    data = bytearray(packed({"run.json": os.urandom(50) + files["run.json"], **files}))
    at = data.index(b"run.json") + len("run.json")
    data[at : at + 40] = b"\xff" * 40
    return bytes(data)


HOSTILE: dict[str, tuple[Callable[[Files], bytes], str]] = {
    "escape": (lambda f: packed({**f, "logs/../../../x.log": b""}), "has no place"),
    "absolute": (lambda f: packed({**f, "/etc/x.log": b""}), "has no place"),
    "backslash": (lambda f: packed({**f, "logs\\x.log": b""}), "has no place"),
    "lock": (lambda f: packed({**f, "lock": b""}), "has no place"),
    "link": (lambda f: packed([*f.items(), (link("x"), b"/etc/passwd")]), "is not a plain file"),
    "bomb": (lambda f: packed({**f, "logs/x.log": bytes(64 << 20)}), "grows out of all measure"),
    "many": (lambda f: packed({**f, **{f"logs/{n}.log": b"" for n in range(2_001)}}), "that is no run"),
    "no run": (lambda f: packed({"events.jsonl": b""}), "holds no run.json"),
    "no zip": (lambda f: b"PK" + bytes(100), "not a zip archive"),
    "cut": (lambda f: packed(f)[:-30], "not a zip archive"),
    "other packing": (lambda f: packed_by(zipfile.ZIP_LZMA, f), "is packed as no run is"),
    "broken stream": (lambda f: broken(f), "is damaged"),
    "other json": (lambda f: packed({**f, "run.json": b"[1]"}), "not a run of weighbridge"),
    "deep json": (lambda f: packed({**f, "run.json": b"[" * 200_000}), "not a run of weighbridge"),
    "newer": (lambda f: packed({**f, "run.json": b'{"schema_version": 99}'}), "newer weighbridge"),
    "odd id": (lambda f: packed({**f, "run.json": f["run.json"].replace(b'"id": "2', b'"id": "../2')}), "not the id"),
    "no event": (lambda f: packed({**f, "events.jsonl": b'{"event": "party"}\n'}), "not an event"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
async def test_what_is_no_run_is_refused_whole(exported: Path, tmp_path: Path) -> None:
    there, files = RunStore(tmp_path / "there"), held(exported)
    twice = packed([*files.items(), ("run.json", b"{}")])
    cases = {name: (make(files), said) for name, (make, said) in HOSTILE.items()} | {"twice": (twice, "is there twice")}
    for name, (data, said) in cases.items():
        source = tmp_path / "hostile.zip"
        source.write_bytes(data)
        with pytest.raises(BadInput, match=said):
            import_run(there, source)
        assert list(there.runs.iterdir()) == [], name
    assert not (tmp_path / "x.log").exists()


def test_a_file_that_is_no_archive_or_too_large_is_not_opened(tmp_path: Path) -> None:
    there, large = RunStore(tmp_path / "there"), tmp_path / "large.zip"
    with large.open("wb") as file:
        file.truncate(run_archive.MAX_BYTES + 1)
    for path, said in ((large, "larger than 1 GiB"), (tmp_path, "no file"), (tmp_path / "none", "no file")):
        with pytest.raises(BadInput, match=said):
            import_run(there, path)
    assert not there.runs.exists()


async def test_an_entry_that_is_larger_than_it_says_is_refused(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_archive, "MAX_BYTES", 10_000_000)
    data = packed({**held(exported), "logs/x.log": bytes(range(256)) * 1_000})
    at = data.index(b"PK\x01\x02", data.rindex(b"logs/x.log") - 46)
    lying = bytearray(data)
    lying[at + 24 : at + 28] = (100).to_bytes(4, "little")
    (tmp_path / "lying.zip").write_bytes(bytes(lying))
    there = RunStore(tmp_path / "there")
    with pytest.raises(BadInput):
        import_run(there, tmp_path / "lying.zip")
    assert list(there.runs.iterdir()) == []


async def test_a_strangers_texts_are_made_safe(exported: Path, tmp_path: Path) -> None:
    files = held(exported)
    data = json.loads(files["run.json"])
    data["name"], data["constraints"]["task"] = "a\x1b[2Jb", "c\u202ed"
    source = tmp_path / "loud.zip"
    source.write_bytes(packed({**files, "run.json": json.dumps(data).encode(), "logs/proof-1.log": b"\x1b[2J"}))
    there = RunStore(tmp_path / "there")
    run, _ = import_run(there, source)
    assert run.name == "a␛[2Jb" and "\u202e" not in run.constraints.task
    assert "\x1b" not in (there.runs / run.id / "logs" / "proof-1.log").read_text()
