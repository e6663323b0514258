"""The eval: the fixed cases, one by one, under a policy that is saved before the first of them runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from weighbridge.domain.flow import eval_is_current, inputs_digest
from weighbridge.domain.proof.events import Attempt, Completed, Ended, Event, Failed, Graded, Stopped
from weighbridge.domain.proof.live import Meter
from weighbridge.domain.proof.measure import RequestFigures, request_figures
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.summary import last
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult, judge
from weighbridge.services.marking import mark
from weighbridge.services.store import RunFolder
from weighbridge.session.jobs import Job
from weighbridge.session.proving import WARM_UP

if TYPE_CHECKING:
    from weighbridge.session.session import Session


async def evaluate(session: Session, folder: RunFolder) -> AsyncGenerator[Event, None]:
    """Events of the eval; the run gains each result as its case is graded, and the gate at the end."""
    await session.check_can_run()
    record = _begun(session)
    done = {r.case for r in record.results}
    cases = {c.id: c for c in record.pack.case}
    requests = [WARM_UP, *(_request(c) for c in record.pack.case if c.id not in done)]
    job = Job("eval", session.run, folder, session.deps, requests, lambda e, t: _graded(cases, e, t))
    record = record.model_copy(update={"job_ids": (*record.job_ids, job.id), "outcome": "running"})
    session.keep(session.run.model_copy(update={"evaluation": record}))
    session.job, session.meter = job, Meter(session.forecast_bytes)
    kept: list[Event] = []
    try:
        async with aclosing(job.events()) as events:
            async for event in events:
                kept.append(event)
                session.meter.add(event)
                if isinstance(event, Attempt | Graded | Ended):
                    record = _advance(record, kept, event)
                    session.keep(session.run.model_copy(update={"evaluation": record}))
                yield event
    finally:
        session.job = None


def _begun(session: Session) -> EvalRecord:
    """The record to go on with: the present one if nothing it depends on has changed, or a new baseline."""
    run = session.run
    assert run.pack is not None and run.policy is not None
    record = run.evaluation
    if record is not None and eval_is_current(run) and record.gate is None:
        return record
    return EvalRecord(inputs=inputs_digest(run, "eval"), fixed_at=session.deps.now(), pack=run.pack, policy=run.policy)


def _request(case: Case) -> Request:
    return Request(id=f"case-{case.id}", prompt=case.full_prompt, case=case.id, max_tokens=case.max_tokens)


async def _graded(cases: dict[str, Case], done: Completed, clock: Callable[[], float]) -> Graded | None:
    """The mark of a completed request; None for the warm-up."""
    case = cases.get(done.case)
    if case is None or done.stop_reason == "stopped":
        return None
    made = (await asyncio.to_thread(mark, {case.id: case}, {case.id: done.output}))[case.id]
    return Graded(t=clock(), request=done.request, case=case.id, passed=made.passed, reason=made.reason)


def _advance(record: EvalRecord, events: Sequence[Event], event: Event) -> EvalRecord:
    """The record after one more event of its job."""
    match event:
        case Attempt():
            # Another kernel path may answer otherwise: results of two modes are never mixed in one baseline.
            same = record.mode in (None, event.mode)
            return record.model_copy(update={"mode": event.mode, "results": record.results if same else ()})
        case Graded():
            return _with_result(record, events, event)
        case Ended():
            return _closed(record, events, event)
        case _:
            return record


def _with_result(record: EvalRecord, events: Iterable[Event], graded: Graded) -> EvalRecord:
    figures = next(f for f in reversed(request_figures(list(events))) if f.request == graded.request)
    case = next(c for c in record.pack.case if c.id == graded.case)
    result = _result(case, graded, figures)
    others = tuple(r for r in record.results if r.case != case.id)
    order = [c.id for c in record.pack.case]
    results = sorted((*others, result), key=lambda r: order.index(r.case))
    return record.model_copy(update={"results": tuple(results)})


def _result(case: Case, graded: Graded, figures: RequestFigures) -> CaseResult:
    return CaseResult(
        case=case.id,
        passed=graded.passed,
        reason=graded.reason,
        output=figures.output,
        must_pass=case.must_pass,
        stop_reason=figures.stop_reason,
        ttft_s=figures.ttft_s,
        decode_tokens_per_s=figures.decode_tokens_per_s,
        prompt_tokens=figures.prompt_tokens,
        output_tokens=figures.output_tokens,
        peak_rss_bytes=figures.peak_rss_bytes,
    )


def _closed(record: EvalRecord, events: Sequence[Event], ended: Ended) -> EvalRecord:
    failed = last(events, Failed)
    whole = len(record.results) == len(record.pack.case)
    return record.model_copy(
        update={
            "outcome": ended.outcome,
            "gate": judge(record.results, record.policy) if whole else None,
            "message": failed.message if failed and ended.outcome == "failed" else "",
            "shutdown": shutdown_text(last(events, Stopped)),
        }
    )


def recovered(run: Run, events: Iterable[Event]) -> Run:
    """A run after a kill: every case graded in the events is in the record, and nothing claims to run still."""
    record = run.evaluation
    if record is None or record.outcome != "running" or not record.job_ids:
        return run
    own: list[Event] = []
    inside = False
    for event in events:
        if isinstance(event, Attempt):
            inside = event.job_id in record.job_ids
        if inside:
            own.append(event)
    for at, event in enumerate(own):
        if isinstance(event, Attempt | Graded):
            record = _advance(record, own[: at + 1], event)
    ended = last(own, Ended)
    if len(record.results) == len(record.pack.case):
        gate = judge(record.results, record.policy)
        record = record.model_copy(update={"outcome": "completed", "gate": gate})
    elif ended is None:
        record = record.model_copy(update={"outcome": "stopped", "message": "interrupted"})
    return run.model_copy(update={"evaluation": record})
