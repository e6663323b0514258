"""The eval: the fixed cases, one by one, under a policy that is saved before the first of them runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from weighbridge.domain.flow import eval_is_current, inputs_digest
from weighbridge.domain.proof.events import Completed, Ended, Event, Graded
from weighbridge.domain.proof.live import Meter
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.run import EvalRecord
from weighbridge.domain.verdict.cases import Case
from weighbridge.services.marking import mark
from weighbridge.services.store import RunFolder
from weighbridge.session.eval_fold import EvalFold
from weighbridge.session.jobs import Job, no_answer
from weighbridge.session.proving import WARM_UP, repeated, require_room

if TYPE_CHECKING:
    from weighbridge.session.session import Session


async def evaluate(session: Session, folder: RunFolder) -> AsyncGenerator[Event, None]:
    """Events of the eval; the run gains each result as its case is graded, and the gate at the end."""
    await session.check_can_run()
    record = _begun(session)
    done = {r.case for r in record.results}
    cases = {c.id: c for c in record.pack.active}
    requests = [
        WARM_UP,
        *(r for c in record.pack.active if c.id not in done for r in _requests(c, session.run.settings)),
    ]
    await require_room(session.run, folder, requests)
    job = Job("eval", session.run, folder, session.deps, requests, lambda e, t: _graded(cases, job.n_ctx, e, t))
    fold, before = EvalFold(_running(record, job)), session.run.evaluation
    session.keep(session.run.model_copy(update={"evaluation": fold.record}))
    session.job, session.meter = job, Meter(session.forecast_bytes)
    try:
        async with aclosing(job.events()) as events:
            async for event in events:
                session.meter.add(event)
                if fold.add(event):
                    keep = session.keep if isinstance(event, Ended) else session.note
                    keep(session.run.model_copy(update={"evaluation": _standing(before, fold.record)}))
                yield event
    finally:
        session.job = None


def _running(record: EvalRecord, job: Job) -> EvalRecord:
    return record.model_copy(update={"job_ids": (*record.job_ids, job.id), "outcome": "running"})


def _standing(before: EvalRecord | None, made: EvalRecord) -> EvalRecord:
    """Which record the run keeps: an eval of the same inputs that is begun anew and stopped takes no gate away."""
    if before is None or made.outcome != "stopped" or made.gate is not None:
        return made
    return before if before.gate is not None and before.inputs == made.inputs else made


def _begun(session: Session) -> EvalRecord:
    """The record to go on with: the present one if nothing it depends on has changed, or a new baseline."""
    run = session.run
    assert run.pack is not None and run.policy is not None
    record = run.evaluation
    if record is not None and eval_is_current(run) and record.gate is None:
        return record
    return EvalRecord(inputs=inputs_digest(run, "eval"), fixed_at=session.deps.now(), pack=run.pack, policy=run.policy)


def _requests(case: Case, settings: RuntimeSettings) -> list[Request]:
    """A case as often as it is asked. A repeat keeps nothing of the KV cache: it would repeat less than the whole."""
    asked = Request(id=f"case-{case.id}", prompt=case.full_prompt, case=case.id, max_tokens=case.max_tokens)
    first, *others = repeated(asked, settings.repeats)
    return [first.model_copy(update={"reuse_prefix": settings.prefix_reuse}), *others]


async def _graded(cases: dict[str, Case], n_ctx: int, done: Completed, clock: Callable[[], float]) -> Graded | None:
    """The mark of a completed request; None for the warm-up. No grader passes an answer without a token."""
    case = cases.get(done.case)
    if case is None or done.stop_reason == "stopped":
        return None
    made = (await asyncio.to_thread(mark, {case.id: case}, {case.id: done.output}))[case.id]
    reason = made.reason if done.output_tokens else no_answer(done, n_ctx)
    return Graded(t=clock(), request=done.request, case=case.id, repeat=done.repeat, passed=made.passed, reason=reason)
