"""A load test as a page of lines: throughput, latency, and what of it may be said."""

from __future__ import annotations

from weighbridge.domain.load.records import LoadRecord, LoadStep
from weighbridge.domain.load.rows import LATENCY, THROUGHPUT, grid, latency, throughput
from weighbridge.domain.load.words import words_of
from weighbridge.domain.text import clean_line
from weighbridge.plain.texts.figures import counted, table
from weighbridge.plain.texts.wrapping import wrapped

_NAMES = "busy: requests under way on average; x one: answers a second by those of one at once; times: medians, p95."


def page(record: LoadRecord, run_id: str, width: int) -> str:
    """Everything of a load test, in lines of at most `width` characters where the tables allow it."""
    end = (f"The server at the end: {record.shutdown}",) if record.shutdown else ()
    sentences = (*words_of(record), *end)
    said = [line for sentence in sentences for line in wrapped(clean_line(sentence, 2_000), width, "  ")]
    parts = [table(_head(record, run_id))]
    if record.steps:
        parts += [grid(THROUGHPUT, throughput(record.steps)), grid(LATENCY, latency(record.steps))]
        parts.append("\n".join(wrapped(_NAMES, width, "  ")))
    return "\n\n".join([*parts, "\n".join(said)])


def _head(record: LoadRecord, run_id: str) -> list[tuple[str, str]]:
    target, told = record.target, record.connected
    engine = f"{told.engine} {told.version}".strip() if told else target.engine
    pairs = [
        ("run", run_id),
        ("server", f"{target.base_url or 'started here'}{f' ({engine})' if engine else ''}"),
        ("model", target.model),
        ("answers", f"of at most {counted(record.max_tokens, 'token')}, where a case has no limit of its own"),
    ]
    return [(name, clean_line(text, 400)) for name, text in pairs if text]


def step_line(step: LoadStep) -> str:
    """A step that is over, in one line."""
    errors = f", {counted(step.errors, 'error')}" if step.errors else ""
    ttft = f", TTFT {step.ttft_s.median:.2f} s (median)" if step.ttft_s else ""
    rate = f", {step.requests_per_s:.2f} a second" if step.requests_per_s is not None else ""
    return f"{step.concurrency} at once: {counted(step.requests, 'answer')}{errors}{rate}{ttft}"
