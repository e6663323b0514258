"""The marks of all answers of a packet, made again: each answer once, however many files hold it."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.proof.events import Completed, Event, Graded
from weighbridge.domain.verdict.graders import Mark
from weighbridge.services.cases.marking import mark
from weighbridge.services.packet_io.contents import Contents

Said = tuple[str, str]
"""A case's id and an answer to it."""


def eval_jobs(c: Contents) -> list[tuple[Event, ...]]:
    """The jobs of the eval that the events hold, in order."""
    note = c.decision.evaluation if c.decision else None
    return [c.jobs[name] for name in note.job_ids if name in c.jobs] if note else []


def graded(c: Contents) -> Iterator[tuple[Graded, str]]:
    """Every mark of a whole answer, with that answer."""
    for job in eval_jobs(c):
        outputs: dict[str, str] = {}
        for event in job:
            if isinstance(event, Completed):
                outputs[event.request] = event.output
            elif isinstance(event, Graded) and not event.failure and event.request in outputs:
                yield event, outputs[event.request]


def marks(c: Contents) -> dict[Said, Mark]:
    """The mark that each answer gets, by the cases of the packet. Made once for each packet that is read."""
    if c.marks is None:
        cases = {case.id: case for case in c.cases}
        said = [*((row.case, row.output) for row in c.results), *((one.case, output) for one, output in graded(c))]
        work = {str(at): one for at, one in enumerate(dict.fromkeys(said)) if one[0] in cases}
        made = mark(
            {key: cases[case] for key, (case, _) in work.items()}, {key: text for key, (_, text) in work.items()}
        )
        c.marks = {one: made[key] for key, one in work.items()}
    return c.marks
