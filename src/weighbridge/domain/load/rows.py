"""The steps of a load test as rows of two tables, the same in both front ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from weighbridge.domain.load.records import LoadProgress, LoadStep
from weighbridge.domain.load.words import scaling
from weighbridge.domain.verdict.stats import Spread

Cells = tuple[str, ...]
UNKNOWN = "–"
THROUGHPUT: Cells = ("at once", "answers", "errors", "ans/s", "tok/s", "busy", "x one")
"""`busy`: requests under way on average; `x one`: answers a second as a multiple of those of one at once."""
LATENCY: Cells = ("at once", "TTFT s", "p95", "ITL ms", "p95", "total s", "p95")
"""Medians, and p95 where so many values allow one."""


def throughput(steps: Sequence[LoadStep], running: LoadProgress | None = None) -> Iterator[Cells]:
    """A row a step; the one that runs has its counts so far."""
    beside = {row.concurrency: row.throughput for row in scaling(steps)}
    for step in steps:
        rates = (
            number(step.requests_per_s, 2),
            number(step.output_tokens_per_s, 1),
            number(step.in_flight, 1),
            number(beside.get(step.concurrency), 2),
        )
        yield (str(step.concurrency), str(step.requests), str(step.errors), *rates)
    if running is not None and all(step.concurrency != running.concurrency for step in steps):
        done = f"{running.done}/{running.planned}"
        yield (f"▶ {running.concurrency}", done, str(running.errors), "", "", str(running.in_flight), "")


def latency(steps: Iterable[LoadStep]) -> Iterator[Cells]:
    """A row a step."""
    for step in steps:
        yield (
            str(step.concurrency),
            *_pair(step.ttft_s, 1.0, 2),
            *_pair(step.itl_s, 1000.0, 1),
            *_pair(step.total_s, 1.0, 2),
        )


def _pair(values: Spread | None, scale: float, digits: int) -> Cells:
    if values is None:
        return UNKNOWN, UNKNOWN
    return number(values.median * scale, digits), number(None if values.p95 is None else values.p95 * scale, digits)


def number(value: float | None, digits: int) -> str:
    """A figure; a dash where it is not known."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def grid(head: Cells, rows: Iterable[Cells], gap: int = 2) -> str:
    """Columns to the right, under their names."""
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    between = " " * gap
    return "\n".join(
        between.join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def progress_line(at: LoadProgress) -> str:
    """Where the running step stands, in one line."""
    if at.phase != "requests":
        return "asking the server" if at.phase == "connecting" else "warm-up: one short answer"
    errors = f", {at.errors} failed" if at.errors else ""
    return f"{at.concurrency} at once: {at.done} of {at.planned} done{errors}, {at.in_flight} under way"
