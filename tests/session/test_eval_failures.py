"""What the engine does to a case is the result of that case, and the eval goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from eval_steps import (
    CASES,
    HANG,
    REFUSED,
    SEGV,
    attempts,
    evaluated,
    failing,
    gate_of,
    pack,
    prepared,
    record_of,
    result_of,
)
from fakes import Script, crash

from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.events import Event, Failed, Graded, Mode, RequestStarted
from weighbridge.domain.proof.settings import Request
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.session import Session


async def test_a_crash_that_safe_mode_survives_is_no_result(session: Session, script: Script) -> None:
    script.fails = failing("c", SEGV, modes="default")
    events = await evaluated(await prepared(session))
    assert [mode for mode, _ in attempts(events)] == ["default", "safe"]
    record = record_of(session)
    assert record.mode == "safe" and all(r.passed and not r.failure for r in record.results)
    assert [e.case for e in events if isinstance(e, Graded)] == ["a", "b", *CASES]


async def test_a_crash_in_both_modes_fails_its_case_and_a_new_child_goes_on(
    session: Session, script: Script, tmp_path: Path
) -> None:
    script.fails = failing("c", SEGV)
    events = await evaluated(await prepared(session))
    assert attempts(events) == [
        ("default", "first try"),
        ("safe", "retry in safe mode after SIGSEGV"),
        ("safe", "goes on after SIGSEGV in the case c"),
    ]
    assert record_of(session).outcome == "completed" and script.alive == 0
    failed = result_of(session, "c")
    assert (failed.passed, failed.stop_reason, failed.prompt_tokens) == (False, "failed", 12)
    assert "SIGSEGV" in failed.failure and failed.reason == failed.failure
    asked = [e.case for e in events if isinstance(e, RequestStarted) and e.case]
    assert asked.count("c") == 2 and asked[-2:] == ["d", "e"], "once in each mode"
    assert gate_of(session).gate == "WARNED"
    assert gate_of(session).reasons == ("no whole answer from the engine: c",)
    await session.write_packet(tmp_path / "packet")
    assert verify_packet(tmp_path / "packet").ok


async def test_an_eval_in_which_every_case_failed_says_so_and_ends(session: Session, script: Script) -> None:
    script.fails = failing("".join(CASES), SEGV)
    await evaluated(await prepared(session))
    assert record_of(session).outcome == "completed" and len(script.launches) == 1 + len(CASES)
    assert gate_of(session).gate == "FAILED"
    assert gate_of(session).reasons[-1] == "the engine gave a whole answer to none of the cases"


async def test_an_engine_that_hangs_fails_its_case_in_the_mode_that_it_has(session: Session, script: Script) -> None:
    script.fails = failing("b", HANG)
    events = await evaluated(await prepared(session))
    assert [mode for mode, _ in attempts(events)] == ["default", "default"]
    assert result_of(session, "b").failure == HANG.message and gate_of(session).passed == 4


async def test_a_refused_prompt_fails_its_case_within_the_same_child(
    session: Session, script: Script, tmp_path: Path
) -> None:
    script.fails = failing("ad", REFUSED)
    await evaluated(await prepared(session))
    assert len(script.launches) == 1 and gate_of(session).passed == 3
    failed = result_of(session, "d")
    assert (failed.failure, failed.output, failed.prompt_tokens) == (REFUSED.message, "", None)
    await session.write_packet(tmp_path / "packet")
    assert verify_packet(tmp_path / "packet").ok


async def test_an_answer_at_its_time_limit_fails_whatever_it_said(
    session: Session, script: Script, tmp_path: Path
) -> None:
    script.answer = lambda request: "answer and more"
    script.late = lambda request: request.case in ("b", "c")
    await prepared(session, pack(time_limit_s=0.5))
    session.apply(want.ChangeTimeLimit(seconds="2"))
    events = await evaluated(session)
    limits = {e.case: e.time_limit_s for e in events if isinstance(e, RequestStarted)}
    assert limits == {"": None, "a": 2.0, "b": 0.5, "c": 2.0, "d": 2.0, "e": 2.0}
    late = result_of(session, "b")
    assert (late.passed, late.output, late.stop_reason) == (False, "answer", "time_limit")
    assert late.failure == "No whole answer within the time limit of 0.5 s."
    assert "limit of 2 s" in result_of(session, "c").failure
    await session.write_packet(tmp_path / "packet")
    assert verify_packet(tmp_path / "packet").ok


@pytest.mark.parametrize("typed", ["0", "soon", "inf"])
async def test_a_time_limit_that_is_none_is_refused(session: Session, typed: str) -> None:
    await prepared(session)
    with pytest.raises(BadInput, match="Time limit of a case, seconds: "):
        session.apply(want.ChangeTimeLimit(seconds=typed))
    session.apply(want.ChangeTimeLimit(seconds=" 30 s "))
    assert session.run.policy is not None and session.run.policy.time_limit_s == 30
    session.apply(want.ChangeTimeLimit(seconds=""))
    assert session.run.policy is not None and session.run.policy.time_limit_s is None


async def test_a_failed_repeat_ends_its_case(session: Session, script: Script) -> None:
    script.fails = lambda request, mode: SEGV if (request.case, request.repeat) == ("b", 2) else None
    events = await evaluated(await prepared(session, repeats=3))
    marks = [(e.case, e.repeat) for e in events if isinstance(e, Graded)]
    safe = marks[marks.index(("b", 1)) + 1 :]
    assert safe == [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), *((c, n) for c in "cde" for n in (1, 2, 3))]
    result = result_of(session, "b")
    assert (result.repeats, result.repeats_passed, result.unstable) == (2, 1, False)
    assert result.reason.startswith("answer 2 of 3: ") and result.output == "An answer to case-b."


async def test_a_model_that_cannot_be_loaded_again_fails_the_eval_and_keeps_its_results(
    session: Session, script: Script
) -> None:
    def fails(request: Request, mode: Mode) -> Failed | None:
        if request.case != "c":
            return None
        script.refuse_load = "There is no memory for the model."
        return HANG

    script.fails = fails
    await evaluated(await prepared(session))
    record = record_of(session)
    assert (record.outcome, record.message, record.gate) == ("failed", "There is no memory for the model.", None)
    assert [r.case for r in record.results] == ["a", "b", "c"]
    script.refuse_load, script.fails = None, lambda request, mode: None
    events = await evaluated(session)
    assert [e.case for e in events if isinstance(e, Graded)] == ["d", "e"]
    assert gate_of(session).passed == 4


async def test_a_child_that_somebody_ends_says_nothing_of_the_case(session: Session, script: Script) -> None:
    script.fails = failing("c", crash(0.0, signal="SIGTERM"))
    await evaluated(await prepared(session))
    assert record_of(session).outcome == "failed" and len(script.launches) == 1
    assert [r.case for r in record_of(session).results] == ["a", "b"]


async def test_results_of_another_mode_are_asked_again(session: Session, script: Script) -> None:
    """An eval that was stopped after two cases and goes on: the crash of the third takes all to safe mode."""
    await prepared(session)
    async for event in session.evaluate():
        if isinstance(event, Graded) and event.case == "b":
            await session.stop()
    assert len(record_of(session).results) == 2
    script.fails = failing("c", SEGV, modes="default")
    await evaluated(session)
    assert record_of(session).mode == "safe" and gate_of(session).passed == 5


async def test_an_answer_behind_its_thinking_is_kept_raw_and_cleaned(
    session: Session, script: Script, tmp_path: Path
) -> None:
    script.answer = lambda request: "<think>An answer? No.</think> Something." if request.case == "b" else " An answer."
    await evaluated(await prepared(session))
    thought = result_of(session, "b")
    assert (thought.passed, thought.cleaned) == (False, "Something.") and thought.output.startswith("<think>")
    assert result_of(session, "a").cleaned == "", "white space alone is no difference"
    await session.write_packet(tmp_path / "packet")
    assert verify_packet(tmp_path / "packet").ok


async def test_after_a_kill_the_events_give_the_same_results(
    session: Session, script: Script, reopen: Callable[[str], Session]
) -> None:
    script.fails = failing("b", SEGV)
    script.late = lambda request: request.case == "c"
    await prepared(session, repeats=2)
    session.apply(want.ChangeTimeLimit(seconds="1"))
    kept: list[Event] = []
    events = session.evaluate()
    async for event in events:
        kept.append(event)
        if isinstance(event, Graded) and (event.case, event.repeat) == ("d", 2):
            break
    seen = record_of(session)
    await events.aclose()
    await session.close()
    again = reopen(session.run.id)
    assert record_of(again).results == seen.results and len(seen.results) == 4
    assert [e.case for e in await evaluated(again) if isinstance(e, Graded)] == ["e", "e"]
    assert gate_of(again).passed == 3
    await again.close()
