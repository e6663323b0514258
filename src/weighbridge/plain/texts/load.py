"""A load test as a page of lines: throughput, latency, and what of it may be said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.load.records import LoadProgress, LoadRecord, LoadStep
from weighbridge.domain.load.words import scaling, words_of
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.stats import Spread
from weighbridge.plain.figures import counted, table
from weighbridge.plain.texts.wrapping import wrapped

UNKNOWN = "-"
_THROUGHPUT = ("at once", "answers", "errors", "answers/s", "tokens/s", "under way", "times one")
_LATENCY = ("at once", "TTFT s", "TTFT p95", "ITL ms", "ITL p95", "total s", "total p95")


def page(record: LoadRecord, run_id: str, width: int) -> str:
    """Everything of a load test, in lines of at most `width` characters where the tables allow it."""
    said = (line for sentence in words_of(record) for line in wrapped(clean_line(sentence, 2_000), width, "  "))
    parts = [table(_head(record, run_id))]
    if record.steps:
        parts += [grid(_THROUGHPUT, throughput(record.steps)), grid(_LATENCY, map(_latency, record.steps))]
    return "\n\n".join([*parts, "\n".join(said)])


def _head(record: LoadRecord, run_id: str) -> list[tuple[str, str]]:
    target, told = record.target, record.connected
    engine = f"{told.engine} {told.version}".strip() if told else target.engine
    pairs = [
        ("run", run_id),
        ("server", f"{target.base_url or 'started here'}{f' ({engine})' if engine else ''}"),
        ("model", target.model),
        ("answers", f"of at most {counted(record.max_tokens, 'token')}, where a case has no limit of its own"),
        ("end", record.shutdown),
    ]
    return [(name, clean_line(text, 400)) for name, text in pairs if text]


def throughput(steps: Sequence[LoadStep]) -> Iterator[tuple[str, ...]]:
    """A row a step: counts, rates, how many requests were really under way, and the rate by that of one at once."""
    beside = {row.concurrency: row.throughput for row in scaling(steps)}
    for step in steps:
        yield (
            str(step.concurrency),
            str(step.requests),
            str(step.errors),
            number(step.requests_per_s, 2),
            number(step.output_tokens_per_s, 1),
            number(step.in_flight, 1),
            number(beside.get(step.concurrency), 2),
        )


def _latency(step: LoadStep) -> tuple[str, ...]:
    """Medians, and p95 where so many values allow one."""
    return (
        str(step.concurrency),
        *_pair(step.ttft_s, 1.0, 3),
        *_pair(step.itl_s, 1000.0, 1),
        *_pair(step.total_s, 1.0, 2),
    )


def _pair(values: Spread | None, scale: float, digits: int) -> tuple[str, str]:
    if values is None:
        return UNKNOWN, UNKNOWN
    return number(values.median * scale, digits), number(None if values.p95 is None else values.p95 * scale, digits)


def number(value: float | None, digits: int) -> str:
    """A figure of a table; a dash where it is not known."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def grid(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Columns to the right, under their names."""
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)


def step_line(step: LoadStep) -> str:
    """A step that is over, in one line."""
    errors = f", {counted(step.errors, 'error')}" if step.errors else ""
    ttft = f", TTFT {step.ttft_s.median:.2f} s (median)" if step.ttft_s else ""
    rate = f", {step.requests_per_s:.2f} a second" if step.requests_per_s is not None else ""
    return f"{step.concurrency} at once: {counted(step.requests, 'answer')}{errors}{rate}{ttft}"


def progress_line(at: LoadProgress) -> str:
    """Where the running step stands, in one line."""
    if at.phase != "requests":
        return "asking the server" if at.phase == "connecting" else "warm-up: one short answer"
    errors = f", {counted(at.errors, 'error')}" if at.errors else ""
    return f"{at.concurrency} at once: {at.done} of {at.planned} done{errors}, {at.in_flight} under way"
