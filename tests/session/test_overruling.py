"""A person's own mark stands beside the grader's and counts in its place; an earlier eval is never lost unasked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from eval_steps import REFUSED, evaluated, failing, gate_of, pack, prepared, record_of, result_of
from fakes import Script

from weighbridge.domain import intents as want
from weighbridge.domain.flow import status
from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.events import Graded
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.session import Session


def wrong_on(script: Script, cases: str) -> None:
    """Answers to these cases fail by their grader."""
    script.answer = lambda request: "No." if request.case and request.case in cases else "An answer."


def overrule(session: Session, case: str, passed: bool, reason: str) -> None:
    session.apply(want.OverruleMark(case=case, passed=passed, reason=reason))


async def test_an_overruled_pass_lifts_a_failed_gate_to_a_warned_one_that_says_so(
    session: Session, script: Script, tmp_path: Path
) -> None:
    wrong_on(script, "bc")
    await evaluated(await prepared(session))
    assert gate_of(session).gate == "FAILED"
    overrule(session, "b", True, "No is what\nwas asked.")
    assert (gate_of(session).gate, gate_of(session).passed) == ("WARNED", 4)
    assert gate_of(session).reasons == ("1 mark was overruled by the person: b",)
    marked = result_of(session, "b")
    assert not marked.passed and marked.counts and marked.overruled is not None
    assert (marked.overruled.passed, marked.overruled.reason) == (True, "No is what was asked.")
    await session.write_packet(tmp_path / "packet")
    assert verify_packet(tmp_path / "packet").ok
    rows = [json.loads(line) for line in (tmp_path / "packet/data/eval/results.jsonl").read_text().splitlines()]
    assert [row["case"] for row in rows if row["overruled"]] == ["b"]
    overrule(session, "b", True, "")
    assert gate_of(session).gate == "FAILED" and result_of(session, "b").overruled is None


async def test_an_overruled_fail_counts_too(session: Session) -> None:
    await evaluated(await prepared(session))
    for case in "ab":
        overrule(session, case, False, "It is not what the customer means.")
    assert (gate_of(session).gate, gate_of(session).passed) == ("FAILED", 3)
    assert gate_of(session).reasons[-1] == "2 marks were overruled by the person: a, b"


async def test_what_cannot_be_overruled_is_said(session: Session, script: Script) -> None:
    with pytest.raises(BadInput, match="a has no result"):
        overrule(session, "a", True, "Because.")
    script.fails = failing("c", REFUSED)
    await evaluated(await prepared(session))
    before = session.run
    for case, passed, reason, said in (
        ("a", True, "Because.", "a passes by its grader already"),
        ("a", False, "  ", "The reason is empty"),
        ("z", True, "Because.", "z has no result"),
        ("c", True, "Because.", "c has no answer that could pass"),
    ):
        with pytest.raises(BadInput, match=said):
            overrule(session, case, passed, reason)
    assert session.run == before


async def test_a_mark_is_not_overruled_while_the_eval_runs(session: Session) -> None:
    await prepared(session)
    async for event in session.evaluate():
        if isinstance(event, Graded) and event.case == "b":
            with pytest.raises(BadInput, match="The eval is running"):
                overrule(session, "a", False, "Because.")
    assert gate_of(session).passed == 5


async def test_a_decision_is_stale_once_a_mark_is_overruled(session: Session) -> None:
    await evaluated(await prepared(session))
    session.apply(want.Confirm(step="decision"))
    assert status(session.run, "decision") == "done"
    overrule(session, "a", False, "Because.")
    assert status(session.run, "decision") == "stale"


async def test_an_overruled_mark_outlives_a_kill_and_not_a_new_answer(
    session: Session, reopen: Callable[[str], Session]
) -> None:
    await prepared(session)
    async for event in session.evaluate():
        if isinstance(event, Graded) and event.case == "b":
            await session.stop()
    overrule(session, "a", False, "Because.")
    events = session.evaluate()
    async for event in events:
        if isinstance(event, Graded) and event.case == "d":
            break
    await events.aclose()
    await session.close()
    again = reopen(session.run.id)
    assert [r.case for r in record_of(again).results] == ["a", "b", "c", "d"]
    assert not result_of(again, "a").counts
    await evaluated(again)
    assert not result_of(again, "a").counts and gate_of(again).passed == 4
    await evaluated(again)
    assert result_of(again, "a").overruled is None and gate_of(again).passed == 5
    await again.close()


async def test_an_eval_begun_anew_and_killed_takes_no_earlier_one_away(
    session: Session, script: Script, reopen: Callable[[str], Session]
) -> None:
    await evaluated(await prepared(session))
    overrule(session, "a", False, "Because.")
    kept = record_of(session)
    events = session.evaluate()
    async for event in events:
        if isinstance(event, Graded) and event.case == "c":
            break
    await events.aclose()
    await session.close()
    again = reopen(session.run.id)
    assert record_of(again) == kept
    wrong_on(script, "abc")
    await evaluated(again)
    assert gate_of(again).gate == "FAILED" and record_of(again).replaces is None
    assert again.run.baselines == (), "the same cases and settings are the same baseline"
    await again.close()


async def test_changed_cases_begin_a_new_baseline_and_the_old_one_is_remembered(
    session: Session, script: Script
) -> None:
    wrong_on(script, "bcd")
    await evaluated(await prepared(session))
    old = record_of(session)
    session.apply(want.UsePack(pack=pack(prompt="Say it otherwise.")))
    events = session.evaluate()
    await anext(events)
    await events.aclose()
    (baseline,) = session.run.baselines
    assert (baseline.gate, baseline.cases_digest, baseline.job_ids) == (old.gate, old.pack.digest, old.job_ids)
    assert session.run.model is not None and baseline.model_sha256 == session.run.model.sha256
    assert baseline.at == old.fixed_at and record_of(session).gate is None
