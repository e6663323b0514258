"""The proof: a warm-up and one prompt, measured, and what the run keeps of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.proof.events import Attempt, Ended, Event, Failed, Stopped
from weighbridge.domain.proof.live import Meter
from weighbridge.domain.proof.measure import request_figures
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.summary import last, summarize
from weighbridge.domain.run import ProofRecord, Run
from weighbridge.services.store import RunFolder
from weighbridge.session.jobs import Job

if TYPE_CHECKING:
    from weighbridge.session.session import Session

WARM_UP = Request(id="warm-up", prompt="Say hello.", warmup=True, max_tokens=8)


async def prove(session: Session, folder: RunFolder) -> AsyncGenerator[Event, None]:
    """Events of the proof, then the record in the run."""
    await session.check_can_run()
    run = session.run
    requests = [WARM_UP, Request(id="first-run", prompt=run.prompt)]
    job = Job("proof", run, folder, session.deps, requests)
    session.job, session.meter = job, Meter(session.forecast_bytes)
    kept: list[Event] = []
    try:
        async with aclosing(job.events()) as events:
            async for event in events:
                kept.append(event)
                session.meter.add(event)
                if isinstance(event, Ended):
                    made_of = inputs_digest(run, "proof")
                    session.keep(session.run.model_copy(update={"proof": record(run, made_of, kept)}))
                yield event
    finally:
        session.job = None


def record(run: Run, inputs: str, events: Sequence[Event]) -> ProofRecord:
    """What the run keeps of a finished proof. `events` are the job's own, from its first attempt to `Ended`."""
    attempt, ended, failed = last(events, Attempt), last(events, Ended), last(events, Failed)
    assert attempt is not None and ended is not None
    answers = [r for r in request_figures(events) if not r.warmup]
    return ProofRecord(
        job_id=attempt.job_id,
        inputs=inputs,
        at=ended.at,
        mode=attempt.mode,
        outcome=ended.outcome,
        figures=summarize(events),
        prompt=run.prompt,
        output=answers[-1].output if answers else "",
        shutdown=shutdown_text(last(events, Stopped)),
        message=failed.message if failed and ended.outcome == "failed" else "",
    )
