"""Changing the cases of a run: what each change makes, and what it makes of the eval on record."""

from __future__ import annotations

import asyncio

import pytest
from fakes import Script

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.steps import ORDER
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.services.cases.packs import built_in_pack
from weighbridge.session import Session
from weighbridge.session.verdict import cases as change


def ids(pack: CasePack) -> list[str]:
    return [case.id for case in pack.case]


def new_case(case_id: str = "new") -> Case:
    return Case.model_validate({"id": case_id, "prompt": "New?", "grader": {"kind": "includes", "target": "new"}})


async def evaluated(session: Session) -> None:
    """The run with a finished eval."""
    await session.choose_model("bundled")
    for step in ORDER[: ORDER.index("proof")]:
        session.apply(want.Confirm(step=step))
    _ = [event async for event in session.evaluate()]
    assert flow.eval_is_current(session.run)


def test_cases_are_added_changed_moved_and_removed(small: CasePack) -> None:
    assert ids(change.with_case(small, new_case()))[-1] == "new"
    assert ids(change.with_case(small, new_case(), "case-2"))[1] == "new"
    assert ids(change.with_moved(small, "case-1", 2))[:3] == ["case-2", "case-3", "case-1"]
    assert ids(change.with_moved(small, "case-1", -1)) == ids(small)
    assert ids(change.with_moved(small, "case-6", 9)) == ids(small)
    assert ids(change.without_case(small, "case-3")) == ["case-1", "case-2", "case-4", "case-5", "case-6"]
    marked = change.with_must_pass(small, "case-2")
    assert marked.must_pass == ("case-2",) and change.with_must_pass(marked, "case-2") == small


def test_a_change_that_makes_no_pack_is_refused_and_says_why(small: CasePack) -> None:
    with pytest.raises(BadInput, match="two cases have the id 'case-1'"):
        change.with_case(small, new_case("case-1"))
    five = change.with_disabled(small, "case-6")
    assert five.case[-1].disabled and len(five.active) == 5
    for breaks in (change.with_disabled, change.without_case):
        with pytest.raises(BadInput, match="at least 5"):
            breaks(five, "case-1")
    with pytest.raises(BadInput, match="has no case nothing"):
        change.with_must_pass(small, "nothing")


def test_a_threshold_that_is_out_of_reach_becomes_all_cases(small: CasePack) -> None:
    strict = CasePack.model_validate({**small.model_dump(), "policy": {"min_pass": 6}})
    assert change.without_case(strict, "case-1").default_policy().min_pass == 5


def test_a_changed_built_in_pack_has_another_id_until_the_change_is_taken_back() -> None:
    pack = built_in_pack()
    case = pack.case[0].id
    changed = change.with_disabled(pack, case)
    assert changed.id == "course-qa-edited" and changed.digest != pack.digest
    assert change.with_disabled(changed, case) == pack


async def test_a_changed_case_makes_the_baseline_stale_and_the_next_eval_a_new_one(session: Session) -> None:
    await evaluated(session)
    first = session.run.evaluation
    pack = session.run.pack
    assert first is not None and pack is not None
    change.use_cases(session, change.with_must_pass(pack, pack.case[1].id))
    assert flow.status(session.run, "eval") == "stale" and session.run.evaluation == first
    _ = [event async for event in session.evaluate()]
    second = session.run.evaluation
    assert second is not None and second.pack.digest != first.pack.digest
    assert [b.cases_digest for b in session.run.baselines] == [first.pack.digest]


async def test_a_typed_threshold_and_time_limit_outlive_a_change(session: Session, small: CasePack) -> None:
    session.apply(want.UsePack(pack=small))
    session.apply(want.ChangeThreshold(min_pass="6"))
    session.apply(want.ChangeTimeLimit(seconds="30"))
    change.use_cases(session, change.with_must_pass(small, "case-1"))
    policy = session.run.policy
    assert policy is not None and (policy.min_pass, policy.time_limit_s) == (6, 30.0)
    change.use_cases(session, change.without_case(small, "case-1"))
    assert session.run.policy is not None and session.run.policy.min_pass == 5


async def test_cases_stay_as_they_are_while_the_eval_runs(session: Session, script: Script, small: CasePack) -> None:
    session.apply(want.UsePack(pack=small))
    await session.choose_model("bundled")
    script.pause_before_token = asyncio.Event()
    async for event in session.evaluate():
        if event.event == "prefilled" and event.request != "warm-up":
            with pytest.raises(Refused, match="The eval is running with these cases"):
                change.use_cases(session, change.with_must_pass(small, "case-1"))
            await session.stop()
    assert session.run.pack == small
