"""The nine steps over the session, with every default."""

from __future__ import annotations

from fakes import Script

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.packet import completeness
from weighbridge.domain.steps import ORDER, StepId
from weighbridge.session import Session


async def walk_to(session: Session, last: StepId) -> None:
    """Next on every step before `last`, with the proof and the eval run where they stand in the way."""
    for step in ORDER:
        if step == last:
            return
        if step == "model" and session.run.model is None:
            await session.choose_model("bundled")
        if step == "proof" and not session.run.planned:
            _ = [event async for event in session.prove()]
        if step == "eval" and not session.run.planned:
            _ = [event async for event in session.evaluate()]
        session.apply(want.Confirm(step=step))


async def test_every_default_leads_to_a_complete_list(session: Session) -> None:
    await walk_to(session, "packet")
    assert flow.first_open(session.run) == "packet"
    assert [item.id for item in completeness(session.run) if not item.held] == []


async def test_the_proof_is_kept_with_its_figures_and_shutdown(session: Session) -> None:
    await walk_to(session, "eval")
    proof = session.run.proof
    assert proof is not None
    assert proof.output == "An answer to first-run."
    assert proof.figures.output_tokens == 4
    assert "is gone" in proof.shutdown


async def test_a_changed_early_answer_makes_later_steps_stale_and_keeps_their_evidence(session: Session) -> None:
    await walk_to(session, "packet")
    proof = session.run.proof
    session.apply(want.ChangeSetting(field="n_ctx", value="1024"))
    assert {s: flow.status(session.run, s) for s in ORDER[:8]} == {
        "constraints": "done", "route": "done", "model": "done", "card": "done",
        "runtime": "stale", "proof": "stale", "eval": "stale", "decision": "stale",
    }  # fmt: skip
    assert session.run.proof == proof
    session.apply(want.ChangeSetting(field="n_ctx", value="2048"))
    assert flow.first_open(session.run) == "packet"


async def test_the_task_alone_does_not_make_the_proof_stale(session: Session) -> None:
    await walk_to(session, "packet")
    session.apply(want.Answer(field="task", value="another task"))
    assert flow.status(session.run, "constraints") == "stale"
    assert flow.status(session.run, "proof") == "done"


async def test_a_planned_route_goes_to_the_end_without_a_proof(session: Session, script: Script) -> None:
    session.apply(want.Answer(field="available_route", value="rented_gpu"))
    session.apply(want.Answer(field="budget_level", value="small"))
    await walk_to(session, "packet")
    assert not script.launches
    owed = {item.id for item in completeness(session.run) if not item.held}
    assert {"first-run", "eval", "endpoint", "cost", "stop-command", "shutdown", "decision"} <= owed
    session.apply(want.ChangePlan(field="stop_command", value="sky down weighbridge"))
    assert "stop-command" not in {item.id for item in completeness(session.run) if not item.held}
