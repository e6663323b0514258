"""Sets a damaged job of a run's events aside, whole: with a hole in it, it would tell other figures than were measured.

What is taken out is kept, line by line, in `events.damaged.jsonl` beside the events.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError

from weighbridge.domain.proof.events import EVENT, Attempt
from weighbridge.domain.run import Run
from weighbridge.services.atomic import write_atomic
from weighbridge.services.runs.store import RunFolder

ASIDE = "events.damaged.jsonl"


class Mended(NamedTuple):
    """`run`: without the records that rested on a damaged job. `jobs`, `lines`: how many were set aside."""

    run: Run
    jobs: int
    lines: int


class _Job:
    """The lines of one job as they stand in the file. What stands before the first job is a part of its own."""

    def __init__(self, job_id: str) -> None:
        self.job_id, self.lines, self.whole = job_id, list[bytes](), True


def mend(folder: RunFolder, run: Run) -> Mended:
    """Parts the events into jobs, keeps the whole ones, and saves the run. OutsideFailed where the disk is full.

    A damaged line that stood for the beginning of a job takes the one before it along: where one ends and the other
    begins is not known any more. Killed in between, it can be done again.
    """
    path = folder.events_path
    parts = _parts(path.read_bytes() if path.exists() else b"")
    damaged = [job for job in parts if not job.whole]
    kept = [job for job in parts if job.whole]
    if damaged:
        aside = path.with_name(ASIDE)
        before = aside.read_bytes() if aside.exists() else b""
        write_atomic(aside, before + b"".join(line for job in damaged for line in job.lines))
        write_atomic(path, b"".join(line for job in kept for line in job.lines))
    mended = _without(run, {job.job_id for job in kept})
    if mended != run:
        folder.save(mended)
    return Mended(mended, len(damaged), sum(len(job.lines) for job in damaged))


def _parts(text: bytes) -> list[_Job]:
    parts: list[_Job] = []
    for line in text.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        try:
            event = EVENT.validate_json(line)
        except ValidationError:
            event = None
        if not parts or (isinstance(event, Attempt) and event.job_id != parts[-1].job_id):
            parts.append(_Job(event.job_id if isinstance(event, Attempt) else ""))
        parts[-1].lines.append(line)
        parts[-1].whole &= event is not None
    return parts


def _without(run: Run, kept: set[str]) -> Run:
    """The run without a proof or an eval whose events are not whole: it is owed again."""
    update: dict[str, Any] = {}
    confirmed = dict(run.confirmed)
    if run.proof and run.proof.job_id not in kept:
        update["proof"] = None
        confirmed.pop("proof", None)
    if run.evaluation and not kept.issuperset(run.evaluation.job_ids):
        update["evaluation"] = None
        confirmed.pop("eval", None)
    return run.model_copy(update={**update, "confirmed": confirmed})
