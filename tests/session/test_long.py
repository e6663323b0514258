"""Long jobs: little is written twice, the file is readable at any moment, and the disk is asked first."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from fakes import Script

from weighbridge.domain import intents as want
from weighbridge.domain.problems import OutsideFailed, Problem
from weighbridge.domain.proof.disk import MOST_SAMPLES, disk_need, eval_need, proof_need
from weighbridge.domain.proof.events import Completed, Event, Graded, RequestStarted, Token
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.run import Run
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.domain.verdict.graders import Includes
from weighbridge.services.runs.store import RunFolder, RunStore
from weighbridge.services.sampling import pace
from weighbridge.session import Session


def many(cases: int) -> CasePack:
    grader = Includes(kind="includes", target="answer")
    return CasePack(id="many", case=tuple(Case(id=f"c{n}", prompt=f"Say {n}.", grader=grader) for n in range(cases)))


async def test_graded_cases_are_seen_at_once_and_written_about_once_a_second(
    session: Session, monkeypatch: pytest.MonkeyPatch, reopen: Callable[[str], Session]
) -> None:
    session.apply(want.UsePack(pack=many(60)))
    await session.choose_model("bundled")
    monkeypatch.setattr("weighbridge.session.session.NOTE_EVERY_S", 3600.0)
    saved: list[int] = []
    real = RunFolder.save

    def save(folder: RunFolder, run: Run) -> None:
        saved.append(len(run.evaluation.results) if run.evaluation else 0)
        real(folder, run)

    monkeypatch.setattr(RunFolder, "save", save)
    seen: list[int] = []
    session.watchers.append(lambda run: seen.append(len(run.evaluation.results) if run.evaluation else 0))
    async for event in session.evaluate():
        if isinstance(event, Graded):
            assert seen[-1] == int(event.case[1:]) + 1
    assert set(saved) == {0, 60}
    await session.close()
    assert reopen(session.run.id).run == session.run


async def test_what_was_not_written_is_written_when_the_run_is_closed(session: Session, store: RunStore) -> None:
    await session.choose_model("bundled")
    session.note(session.run.model_copy(update={"prompt": "Another prompt."}))
    await session.close()
    assert store.load(session.run.id).prompt == "Another prompt."


async def test_a_full_disk_is_said_before_the_start(
    session: Session, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.choose_model("bundled")
    need = proof_need(session.run.settings, session.run.prompt).total_bytes
    monkeypatch.setattr("weighbridge.services.runs.store.shutil.disk_usage", lambda _: SimpleNamespace(free=need // 2))
    with pytest.raises(OutsideFailed, match="MB free, and this may take"):
        await anext(session.prove())
    with pytest.raises(OutsideFailed, match="MB free, and this may take"):
        await anext(session.evaluate())
    assert script.launches == [] and session.job is None


async def test_a_disk_that_fills_within_a_line_leaves_whole_lines(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.choose_model("bundled")
    real, left = os.write, [5_000]

    def write(fd: int, data: bytes) -> int:
        part = data[: left[0]]
        left[0] -= len(part)
        if not part:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, part)

    monkeypatch.setattr("weighbridge.services.runs.store.os.write", write)
    with pytest.raises(Problem, match="there is no space left"):
        async for _ in session.prove():
            pass
    path = session.folder / "events.jsonl"
    assert path.read_bytes().endswith(b"}\n")
    assert len(session.events()) > 3


def test_the_bound_holds_for_what_the_longest_job_writes() -> None:
    settings = RuntimeSettings(max_tokens=500, n_ctx=4096)
    request = Request(id="case-" + "x" * 64 + "#100", prompt='A "quoted"\nprompt.\x07' * 50, case="x" * 64)
    t, numbers = 123456.123456, {"prompt_tokens": 100_000, "prefill_s": 1234.123456}
    counters = dict.fromkeys(("engine_prompt_ms", "engine_decode_ms"), 123456.123456)
    text = " 14 bytes long"
    written: list[Event] = [
        RequestStarted(t=t, request=request.id, case=request.case, prompt=request.prompt, prompt_tokens=100_000),
        *(Token(t=t, request=request.id, index=100_000 + n, text=text) for n in range(500)),
        Completed(
            t=t, request=request.id, case=request.case, output=text * 500, stop_reason="max_tokens",
            output_tokens=500, engine_prompt_tokens=100_000, engine_decode_tokens=500, **numbers, **counters,
        ),
        Graded(t=t, request=request.id, case=request.case, passed=False, reason="x" * 60),
    ]  # fmt: skip
    size = sum(len(event.model_dump_json()) + 1 for event in written)
    without = disk_need(settings, []).events_bytes
    assert size <= disk_need(settings, [request]).events_bytes - without <= 1.5 * size


def test_the_bound_grows_with_tokens_repeats_and_cases_and_not_beyond_the_context() -> None:
    short, long = RuntimeSettings(max_tokens=100), RuntimeSettings(max_tokens=100_000, n_ctx=200_000)
    assert proof_need(long, "Q").tokens == 100_000
    assert proof_need(RuntimeSettings(max_tokens=100_000, n_ctx=2048), "Q").tokens == 2048
    assert proof_need(short.model_copy(update={"repeats": 3}), "Q").tokens == 300
    assert eval_need(short, many(1000).case).tokens == 100_000
    assert "100,000 tokens" in proof_need(long, "Q").sentence
    assert proof_need(long, "Q").events_bytes < 30_000_000
    assert pace.MOST_SAMPLES == MOST_SAMPLES
