"""A proof survives what the engine does to it, and says so."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from fakes import Script

from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput, OutsideFailed, Problem, Refused
from weighbridge.domain.proof.events import Attempt, Ended, Event, Failed, Graded, Token
from weighbridge.services.engine.mode_memory import known_mode
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.session import Session


async def prepared(session: Session) -> Session:
    for step in ("constraints", "route"):
        session.apply(want.Confirm(step=step))
    await session.choose_model("bundled")
    return session


async def proof(session: Session) -> list[Event]:
    return [event async for event in session.prove()]


async def test_a_crash_in_default_mode_is_tried_once_more_in_safe_mode(session: Session, script: Script) -> None:
    script.crash_in_default_mode = "SIGSEGV"
    events = await proof(await prepared(session))
    assert [launch.mode for launch in script.launches] == ["default", "safe"]
    record = session.run.proof
    assert record is not None and record.outcome == "completed"
    assert [(a.mode, a.outcome) for a in record.figures.attempts] == [
        ("default", "crash SIGSEGV"),
        ("safe", "completed"),
    ]
    assert [e.reason for e in events if isinstance(e, Attempt)][1] == "retry in safe mode after SIGSEGV"
    assert script.alive == 0


async def test_the_mode_that_worked_is_remembered(session: Session, script: Script, home: Path) -> None:
    script.crash_in_default_mode = "SIGSEGV"
    await proof(await prepared(session))
    assert known_mode(home) == "safe"
    await proof(session)
    assert [launch.mode for launch in script.launches] == ["default", "safe", "safe"]


async def test_two_crashes_are_a_result(session: Session, script: Script, home: Path) -> None:
    script.crash_in_default_mode = script.crash_in_safe_mode = "SIGABRT"
    await proof(await prepared(session))
    record = session.run.proof
    assert record is not None and record.outcome == "failed"
    assert [a.outcome for a in record.figures.attempts] == ["crash SIGABRT", "crash SIGABRT"]
    assert "SIGABRT" in record.message
    assert known_mode(home) is None
    for step in ("proof", "eval", "decision"):
        session.apply(want.Confirm(step=step))
    assert session.run.verdict is not None
    assert session.run.verdict.choice == "switch"
    assert "SIGABRT" in session.run.verdict.reason


@pytest.mark.parametrize(("signal", "launches"), [("SIGKILL", 2), ("SIGTERM", 1)])
async def test_what_says_nothing_of_the_build_is_not_remembered(
    session: Session, script: Script, home: Path, signal: str, launches: int
) -> None:
    script.crash_in_default_mode = signal
    await proof(await prepared(session))
    assert len(script.launches) == launches
    assert known_mode(home) is None


async def test_an_answer_without_a_token_is_a_failed_proof(session: Session, script: Script) -> None:
    script.silent = True
    events = await proof(await prepared(session))
    record = session.run.proof
    assert record is not None and record.outcome == "failed"
    assert "before its first token" in record.message
    assert [(e.kind, e.phase) for e in events if isinstance(e, Failed)] == [("refused", "decode")]


async def test_a_prompt_that_is_too_long_names_the_context_that_applied(session: Session, script: Script) -> None:
    script.overlong, script.padded = True, 256
    session.apply(want.ChangeSetting(field="n_ctx", value="64"))
    events = await proof(await prepared(session))
    (failed,) = (e for e in events if isinstance(e, Failed))
    assert (failed.kind, failed.phase) == ("input", "prefill")
    assert "leaves no room in a context of 256:" in failed.message


async def test_a_model_that_the_engine_refuses_is_named_and_not_retried(session: Session, script: Script) -> None:
    script.refuse_load = "The engine refused the file: bad magic."
    events = await proof(await prepared(session))
    assert [e.kind for e in events if isinstance(e, Failed)] == ["refused"]
    assert len(script.launches) == 1


async def test_stop_ends_the_job_and_next_asks_for_a_whole_proof(session: Session, script: Script) -> None:
    script.pause_before_token = asyncio.Event()
    await prepared(session)
    seen: list[Event] = []
    async for event in session.prove():
        seen.append(event)
        if event.event == "request" and not event.warmup:
            asyncio.get_running_loop().create_task(session.stop())
    assert isinstance(seen[-1], Ended) and seen[-1].outcome == "stopped"
    assert script.alive == 0
    with pytest.raises(BadInput, match="Start the proof"):
        session.apply(want.Confirm(step="proof"))


async def stopped(session: Session, script: Script, name: Literal["proof", "eval"]) -> None:
    """Starts a job and stops it within its first answer, after the warm-up."""
    script.pause_before_token = asyncio.Event()
    last: Event | None = None
    async for event in session.prove() if name == "proof" else session.evaluate():
        last = event
        if event.event == "request" and not event.warmup:
            asyncio.get_running_loop().create_task(session.stop())
    assert isinstance(last, Ended) and last.outcome == "stopped"
    script.pause_before_token = None


async def test_a_repeat_that_is_stopped_takes_no_result_away(session: Session, script: Script, tmp_path: Path) -> None:
    await proof(await prepared(session))
    async for _ in session.evaluate():
        pass
    kept, marks = session.run.proof, session.run.evaluation
    for name in ("proof", "eval"):
        await stopped(session, script, name)
        assert session.live.phase == "stopped" and isinstance(session.events()[-1], Ended)
    assert (session.run.proof, session.run.evaluation) == (kept, marks)
    await session.write_packet(tmp_path / "packet")
    assert verify_packet(tmp_path / "packet").ok
    session.apply(want.ChangePrompt(value="Another one."))
    await stopped(session, script, "proof")
    assert session.run.proof is not None and session.run.proof.outcome == "stopped", "of another prompt"


async def test_two_jobs_never_run_at_once(session: Session, script: Script) -> None:
    script.pause_before_token = asyncio.Event()
    await prepared(session)
    async for event in session.prove():
        if event.event == "request" and not event.warmup:
            with pytest.raises(Refused, match="proof is running already"):
                await anext(session.evaluate())
            script.pause_before_token.set()


async def test_every_event_is_on_disk_before_it_is_seen(session: Session) -> None:
    await prepared(session)
    async for event in session.prove():
        assert session.events()[-1] == event


async def test_an_eval_goes_on_after_a_kill_where_it_stopped(
    session: Session, script: Script, reopen: Callable[[str], Session]
) -> None:
    await proof(await prepared(session))
    graded = 0
    events = session.evaluate()
    async for event in events:
        graded += isinstance(event, Graded)
        if graded == 3:
            break
    await events.aclose()
    await session.close()
    again = reopen(session.run.id)
    assert again.run.evaluation is not None
    assert len(again.run.evaluation.results) == 3
    rest = [e.case async for e in again.evaluate() if isinstance(e, Graded)]
    pack = again.run.pack
    assert pack is not None and again.run.evaluation is not None
    assert rest == [c.id for c in pack.case[3:]]
    assert [r.case for r in again.run.evaluation.results] == [c.id for c in pack.case]
    await again.close()


async def test_a_full_disk_stops_the_proof_with_one_sentence(
    session: Session, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    await prepared(session)
    real, budget = os.write, [20]

    def write(fd: int, data: bytes) -> int:
        budget[0] -= 1
        if budget[0] < 0:
            raise OSError(28, "No space left on device")
        return real(fd, data)

    monkeypatch.setattr("weighbridge.services.runs.store.os.write", write)
    with pytest.raises(Problem, match="there is no space left") as said:
        await proof(session)
    assert "No record is kept" in said.value.hint and session.run.proof is None
    monkeypatch.setattr("weighbridge.services.runs.store.os.write", real)
    assert script.alive == 0
    await proof(session)
    assert any(isinstance(e, Token) for e in session.events())


async def test_an_eval_that_could_not_be_saved_can_be_started_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await proof(await prepared(session))

    def full(path: Path, data: bytes) -> None:
        raise OutsideFailed("run.json cannot be written: there is no space left.")

    with monkeypatch.context() as patch:
        patch.setattr("weighbridge.services.runs.run_folder.write_atomic", full)
        with pytest.raises(OutsideFailed):
            await anext(session.evaluate())
    graded = [event async for event in session.evaluate() if isinstance(event, Graded)]
    assert session.run.pack is not None and len(graded) == len(session.run.pack.case)


async def test_a_changed_model_file_is_not_run(session: Session, tmp_path: Path, bundled_path: Path) -> None:
    copy = tmp_path / "model.gguf"
    copy.write_bytes(bundled_path.read_bytes())
    await session.choose_model(str(copy))
    with copy.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x7f")
    with pytest.raises(BadInput, match="has changed since it was chosen"):
        await proof(session)


async def test_an_answer_without_a_token_fails_its_case_and_says_why(session: Session, script: Script) -> None:
    script.silent = True
    events = [event async for event in (await prepared(session)).evaluate()]
    marks = [event for event in events if isinstance(event, Graded)]
    assert marks and not any(mark.passed for mark in marks)
    assert all("before its first token (eos)" in mark.reason for mark in marks)
    record = session.run.evaluation
    assert record is not None and record.gate is not None and record.gate.gate == "FAILED"
