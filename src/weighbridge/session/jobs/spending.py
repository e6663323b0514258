"""Counts what each job costs while its events pass, and puts it in the run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Attempt, Ended, Event
from weighbridge.domain.run import Run
from weighbridge.domain.verdict.cost import JobCostFold

if TYPE_CHECKING:
    from weighbridge.session.session import Session


async def counted(session: Session, job: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """The events of a job as they come. At its end the run knows what it has cost."""
    fold = JobCostFold()
    async with aclosing(job) as events:
        async for event in events:
            fold.add(event)
            if isinstance(event, Ended):
                session.keep(_with(session.run, fold))
            yield event


def _with(run: Run, fold: JobCostFold) -> Run:
    return run.model_copy(update={"spent": {**run.spent, fold.job_id: fold.cost}})


def recovered(run: Run, events: Iterable[Event]) -> Run:
    """The run with the cost of each job that its records name and that is not counted: it was killed, or an earlier
    version ran it.

    The events are read only where there is such a job. From damaged ones on, the cost stays unknown.
    """
    if not _uncounted(run):
        return run
    fold = JobCostFold()
    with suppress(OutsideFailed):
        for event in events:
            if isinstance(event, Attempt) and event.job_id != fold.job_id:
                run = _noted(run, fold)
                fold = JobCostFold()
            fold.add(event)
        return _noted(run, fold)
    return run


def _uncounted(run: Run) -> set[str]:
    named = {run.proof.job_id} if run.proof else set()
    named |= set(run.evaluation.job_ids if run.evaluation else ())
    return named - set(run.spent)


def _noted(run: Run, fold: JobCostFold) -> Run:
    return _with(run, fold) if fold.job_id and fold.job_id not in run.spent else run
