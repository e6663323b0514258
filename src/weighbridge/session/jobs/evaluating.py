"""The eval: the fixed cases, one by one, under a policy that is saved before the first of them runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from weighbridge.domain.flow import eval_is_current, inputs_digest
from weighbridge.domain.proof.events import Attempt, Ended, Event
from weighbridge.domain.proof.live import Meter
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.verdict.cases import Case, Policy
from weighbridge.domain.verdict.decision import Baseline
from weighbridge.services.runs.store import RunFolder
from weighbridge.session.jobs.eval_fold import EvalFold, standing, without_earlier
from weighbridge.session.jobs.grading import Grading
from weighbridge.session.jobs.job import Job
from weighbridge.session.jobs.proving import WARM_UP, repeated, require_room

if TYPE_CHECKING:
    from weighbridge.session.session import Session


async def evaluate(session: Session, folder: RunFolder) -> AsyncGenerator[Event, None]:
    """Events of the eval; the run gains each result as its case is graded, and the gate at the end."""
    await session.check_can_run()
    run = session.run
    record = _begun(run, session.deps.now())
    requests = [WARM_UP, *(r for c in record.pack.active for r in case_requests(c, record.policy, run.settings))]
    done = {result.case for result in record.results}
    await require_room(run, folder, [r for r in requests if r.case not in done])
    grading = Grading({c.id: c for c in record.pack.active}, lambda case: case in fold.done)
    job = Job("eval", run, folder, session.deps, requests, grading, record.mode if done else None)
    fold = EvalFold(record.model_copy(update={"job_ids": (*record.job_ids, job.id), "outcome": "running"}))
    baselines = (*run.baselines, *_earlier(run, record, folder))
    session.keep(session.run.model_copy(update={"evaluation": standing(fold.record), "baselines": baselines}))
    session.job, session.meter = job, Meter(session.forecast_bytes)
    try:
        async with aclosing(job.events()) as events:
            async for event in events:
                session.meter.add(event)
                if fold.add(event):
                    keep = session.keep if isinstance(event, Ended) else session.note
                    keep(session.run.model_copy(update={"evaluation": standing(fold.record)}))
                yield event
    finally:
        session.job = None


def _begun(run: Run, now: str) -> EvalRecord:
    """The record to go on with: the present one where nothing it depends on has changed and cases are left.

    Else a new one; it holds the present one where that is of the same inputs.
    """
    assert run.pack is not None and run.policy is not None
    record = run.evaluation
    current = record is not None and eval_is_current(run)
    if record is not None and current and record.gate is None:
        return record
    earlier = without_earlier(record) if record is not None and current else None
    inputs = inputs_digest(run, "eval")
    return EvalRecord(
        inputs=inputs, fixed_at=now, pack=run.pack, policy=run.policy, served=run.served, replaces=earlier
    )


def _earlier(run: Run, begun: EvalRecord, folder: RunFolder) -> tuple[Baseline, ...]:
    """What the run remembers of an eval that ran to its gate on other inputs than the one that is begun."""
    old = run.evaluation
    if old is None or old.gate is None or old.inputs == begun.inputs:
        return ()
    digest = old.model_sha256 or _model_of(old, folder)
    made = Baseline(
        at=old.fixed_at,
        cases_digest=old.pack.digest,
        model_sha256=digest,
        gate=old.gate,
        job_ids=old.job_ids,
        marks={result.case: result.counts for result in old.results},
        served=old.served,
    )
    return (made,)


def _model_of(record: EvalRecord, folder: RunFolder) -> str:
    """The digest of the model in the events: a record of an earlier version does not hold it."""
    found = (e.model_sha256 for e in folder.events() if isinstance(e, Attempt) and e.job_id in record.job_ids)
    return next(found, "")


def case_requests(case: Case, policy: Policy, settings: RuntimeSettings) -> list[Request]:
    """A case as often as it is asked. A repeat keeps nothing of the KV cache: it would repeat less than the whole."""
    asked = Request(
        id=f"case-{case.id}",
        prompt=case.full_prompt,
        messages=case.conversation,
        case=case.id,
        max_tokens=case.max_tokens,
        time_limit_s=case.time_limit_s or policy.time_limit_s,
    )
    first, *others = repeated(asked, settings.repeats)
    return [first.model_copy(update={"reuse_prefix": settings.prefix_reuse}), *others]
