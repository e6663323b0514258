"""The proof: a warm-up and one prompt, measured, and what the run keeps of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.disk import disk_need
from weighbridge.domain.proof.events import Attempt, Ended, Event, Failed, Stopped
from weighbridge.domain.proof.fold import JobFold
from weighbridge.domain.proof.live import Meter
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.run import ProofRecord, Run
from weighbridge.services.runs.store import RunFolder
from weighbridge.session.jobs.job import Job

if TYPE_CHECKING:
    from weighbridge.session.session import Session

WARM_UP = Request(id="warm-up", prompt="Say hello.", warmup=True, max_tokens=8)
NO_RECORD = "No record is kept: a failing disk says nothing of the model."
LATER = "The record is made from its events when the run is opened again."


async def prove(session: Session, folder: RunFolder) -> AsyncGenerator[Event, None]:
    """Events of the proof, then the record in the run. The events are folded as they pass, and are not kept.

    A disk that fails ends it without a record: it says nothing of the model, and a proof that failed speaks for
    another one. The events so far stay; where they hold the proof to its end, they are enough for the record.
    """
    await session.check_can_run()
    run = session.run
    requests = [WARM_UP, *repeated(Request(id="first-run", prompt=run.prompt), run.settings.repeats)]
    await require_room(run, folder, requests)
    job = Job("proof", run, folder, session.deps, requests)
    session.job, session.meter = job, Meter(session.forecast_bytes)
    fold = JobFold()
    try:
        async with aclosing(job.events()) as events:
            async for event in events:
                fold.add(event)
                session.meter.add(event)
                if isinstance(event, Ended):
                    made = record(run, inputs_digest(run, "proof"), fold)
                    session.keep(session.run.model_copy(update={"proof": standing(session.run.proof, made)}))
                yield event
    except OutsideFailed as problem:
        told = NO_RECORD if fold.newest(Ended) is None else LATER
        raise OutsideFailed(str(problem), f"{problem.hint} {told}".strip()) from problem
    finally:
        session.job = None


def standing(before: ProofRecord | None, made: ProofRecord) -> ProofRecord:
    """Which record the run keeps: a repeat that is stopped takes no result of the same inputs away."""
    if before is None or made.outcome != "stopped":
        return made
    return before if before.outcome != "stopped" and before.inputs == made.inputs else made


def repeated(request: Request, times: int) -> list[Request]:
    """A prompt as often as it is asked: `first-run`, `first-run#2`, ..."""
    return [
        request.model_copy(update={"id": f"{request.id}#{n}", "repeat": n} if n > 1 else {})
        for n in range(1, times + 1)
    ]


async def require_room(run: Run, folder: RunFolder, requests: Sequence[Request]) -> None:
    """OutsideFailed, in one sentence, where the disk cannot hold what the job may write."""
    await asyncio.to_thread(folder.require_room, disk_need(run.settings, requests).total_bytes)


def record(run: Run, inputs: str, fold: JobFold) -> ProofRecord:
    """What the run keeps of a finished proof. `fold` has taken the job's own events, from its first to `Ended`."""
    attempt, ended, failed = fold.newest(Attempt), fold.newest(Ended), fold.newest(Failed)
    assert attempt is not None and ended is not None
    answers = [r for r in fold.requests() if not r.warmup]
    return ProofRecord(
        job_id=attempt.job_id,
        inputs=inputs,
        at=ended.at,
        mode=attempt.mode,
        outcome=ended.outcome,
        figures=fold.figures(),
        prompt=run.prompt,
        output=answers[-1].output if answers else "",
        shutdown=shutdown_text(fold.newest(Stopped)),
        message=failed.message if failed and ended.outcome == "failed" else "",
    )
