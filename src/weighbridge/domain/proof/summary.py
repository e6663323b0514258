"""The events of a run parted into jobs, and the summary of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from weighbridge.domain.proof.events import Attempt, Event
from weighbridge.domain.proof.fold import JobFold
from weighbridge.domain.proof.measure import JobFigures

E = TypeVar("E")


def last(events: Sequence[Event], kind: type[E]) -> E | None:
    """The newest event of a kind."""
    return next((e for e in reversed(events) if isinstance(e, kind)), None)


def jobs(events: Iterable[Event]) -> list[tuple[Event, ...]]:
    """The events of a run, parted into its jobs in order. A job begins with its first attempt."""
    parts: list[list[Event]] = []
    current = ""
    for event in events:
        if isinstance(event, Attempt) and event.job_id != current:
            current = event.job_id
            parts.append([])
        if parts:
            parts[-1].append(event)
    return [tuple(p) for p in parts]


def last_attempt(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events from the newest attempt on: a crashed first child does not colour the second one's figures."""
    at = max((i for i, e in enumerate(events) if isinstance(e, Attempt)), default=0)
    return tuple(events[at:])


def summarize(events: Iterable[Event]) -> JobFigures:
    """Figures of a job. Rates and TTFT are medians over its requests; the warm-up is left out."""
    fold = JobFold()
    for event in events:
        fold.add(event)
    return fold.figures()
