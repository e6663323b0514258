"""A finished eval stands until the one that takes its place has its first mark."""

from __future__ import annotations

from eval_steps import evaluated, gate_of, prepared, record_of
from fakes import Script

from weighbridge.domain.flow import status
from weighbridge.domain.proof.events import Graded
from weighbridge.session import Session


async def test_an_eval_that_cannot_start_takes_nothing_from_the_finished_one(session: Session, script: Script) -> None:
    await evaluated(await prepared(session))
    finished = record_of(session)
    assert finished.gate is not None
    seen = []
    script.refuse_load = "It does not answer."
    async for _ in session.evaluate():
        seen.append(record_of(session))
    assert seen and all(one == finished for one in seen), "from its first event to its last"
    assert record_of(session) == finished and status(session.run, "eval") != "attention"


async def test_the_first_mark_takes_the_place_and_the_earlier_eval_is_still_held(
    session: Session,
) -> None:
    await evaluated(await prepared(session))
    finished = record_of(session)
    events = session.evaluate()
    async for event in events:
        if isinstance(event, Graded):
            break
        assert record_of(session) == finished
    await events.aclose()
    assert record_of(session).replaces == finished
    await evaluated(session)
    assert gate_of(session) == finished.gate and record_of(session).job_ids != finished.job_ids
