"""Prompts that are asked more than once, and cases that keep what they share."""

from __future__ import annotations

from collections.abc import Callable

from fakes import Script

from weighbridge.domain import intents as want
from weighbridge.domain.proof.events import Graded, RequestStarted
from weighbridge.session import Session
from weighbridge.session.jobs.evaluating import case_requests


async def prepared(session: Session, repeats: int) -> Session:
    session.apply(want.ChangeSetting(field="repeats", value=str(repeats)))
    await session.choose_model("bundled")
    return session


async def test_the_proof_asks_its_prompt_so_often(session: Session, script: Script) -> None:
    script.answer = lambda request: f"Text {request.repeat}."
    await prepared(session, 3)
    asked = [e.request async for e in session.prove() if isinstance(e, RequestStarted)]
    assert asked == ["warm-up", "first-run", "first-run#2", "first-run#3"]
    record = session.run.proof
    assert record is not None
    assert (record.figures.requests, record.figures.unstable) == (3, ("first-run",))


async def test_a_case_passes_where_every_answer_does_and_is_unstable_where_they_differ(
    session: Session, script: Script
) -> None:
    await prepared(session, 3)
    pack = session.run.pack
    assert pack is not None
    first = pack.case[0].id
    script.answer = lambda request: "Something else." if (request.repeat, request.case) == (3, first) else "One text."
    marks = [e async for e in session.evaluate() if isinstance(e, Graded)]
    assert [(m.case, m.repeat) for m in marks[:4]] == [(first, 1), (first, 2), (first, 3), (pack.case[1].id, 1)]
    record = session.run.evaluation
    assert record is not None and record.gate is not None
    assert [(r.repeats, r.unstable) for r in record.results] == [(3, True)] + [(3, False)] * (len(pack.case) - 1)
    result = record.results[0]
    mine = [m for m in marks if m.case == first]
    assert result.passed == all(m.passed for m in mine)
    assert result.repeats_passed == sum(m.passed for m in mine)
    assert result.output == "One text."


async def test_a_case_that_was_cut_within_its_repeats_is_asked_anew(
    session: Session, reopen: Callable[[str], Session]
) -> None:
    await prepared(session, 2)
    graded = 0
    events = session.evaluate()
    async for event in events:
        graded += isinstance(event, Graded)
        if graded == 3:
            break
    await events.aclose()
    await session.close()
    again = reopen(session.run.id)
    assert again.run.evaluation is not None and again.run.pack is not None
    ids = [case.id for case in again.run.pack.case]
    assert [r.case for r in again.run.evaluation.results] == ids[:1]
    rest = [(e.case, e.repeat) async for e in again.evaluate() if isinstance(e, Graded)]
    assert rest == [(case, n) for case in ids[1:] for n in (1, 2)]
    assert again.run.evaluation.gate is not None
    await again.close()


async def test_a_prefix_is_kept_by_the_first_asking_of_a_case_alone(session: Session) -> None:
    pack, policy = session.run.pack, session.run.policy
    assert pack is not None and policy is not None
    settings = session.run.settings.model_copy(update={"repeats": 2})
    assert [r.reuse_prefix for r in case_requests(pack.case[0], policy, settings)] == [False, False]
    kept = case_requests(pack.case[0], policy, settings.model_copy(update={"prefix_reuse": True}))
    assert [r.reuse_prefix for r in kept] == [True, False]
