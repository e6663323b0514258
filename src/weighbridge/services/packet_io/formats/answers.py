"""The answers that an eval's results rest on, each with its figures and its mark, from the events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from weighbridge.domain.proof.events import Attempt, Completed, Event, Graded
from weighbridge.domain.proof.measure import RequestFigures


class Answer(NamedTuple):
    """One mark, and the answer that it is of; None where the engine gave no whole one."""

    figures: RequestFigures | None
    mark: Graded


def answers(jobs: Iterable[tuple[Sequence[Event], Mapping[int, RequestFigures]]]) -> dict[str, list[Answer]]:
    """The newest answers to each case, in order: one, or as many as each prompt was asked. `jobs`: as `Contents` does.

    A case that was asked anew in a later child counts with what it got there.
    """
    found: dict[str, list[Answer]] = {}
    for job, completed in jobs:
        figures = None
        for at, event in enumerate(job):
            match event:
                case Completed():
                    figures = completed.get(at, figures)
                case Attempt():
                    figures = None
                case Graded():
                    if event.repeat == 1:
                        found[event.case] = []
                    whole = figures if figures is not None and figures.request == event.request else None
                    found.setdefault(event.case, []).append(Answer(whole, event))
                case _:
                    pass
    return found
