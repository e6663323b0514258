"""What a load test shows, what its counts allow to say, and what they do not."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.domain.base import Record
from weighbridge.domain.load.records import LoadEnd, LoadRecord, LoadStep
from weighbridge.domain.verdict.stats import P95_FROM, Spread

ENDED: dict[LoadEnd, str] = {
    "running": "The load test was not ended: it runs, or the program was killed meanwhile.",
    "through": "Every step ran to its end without an error.",
    "errors": "The ramp ended at its first errors.",
    "time_limit": "The ramp ended at the time limit of the whole load test.",
    "stopped": "The load test was stopped; what was answered until then is counted.",
    "failed": "The load test failed before its first step.",
}


class Scaling(Record):
    """A step beside that of one request at once. Each ratio is null where either side has no such figure."""

    concurrency: int
    throughput: float | None
    """Answers a second, as a multiple of those at concurrency 1."""
    efficiency: float | None
    """`throughput` by the concurrency: 1 where every further request is answered beside the others as if alone."""
    ttft: float | None
    total: float | None
    """Medians, as a multiple of those at concurrency 1."""


def scaling(steps: Sequence[LoadStep]) -> tuple[Scaling, ...]:
    """Each step but the first beside concurrency 1; nothing where that was not measured."""
    if not steps or steps[0].concurrency != 1:
        return ()
    return tuple(_beside(steps[0], step) for step in steps[1:])


def _beside(one: LoadStep, step: LoadStep) -> Scaling:
    throughput = _ratio(step.requests_per_s, one.requests_per_s)
    return Scaling(
        concurrency=step.concurrency,
        throughput=throughput,
        efficiency=None if throughput is None else throughput / step.concurrency,
        ttft=_ratio(_median(step.ttft_s), _median(one.ttft_s)),
        total=_ratio(_median(step.total_s), _median(one.total_s)),
    )


def _median(values: Spread | None) -> float | None:
    return None if values is None else values.median


def _ratio(value: float | None, base: float | None) -> float | None:
    return value / base if value is not None and base else None


def words_of(record: LoadRecord) -> tuple[str, ...]:
    """How it ended, what grew and by how much, and how far the figures carry: one sentence each."""
    said = [f"{ENDED[record.ended]} {record.message}".strip()]
    said += [f"At {step.concurrency} at once: {sentence}" for step in record.steps for sentence in step.error_sentences]
    answered = [step for step in record.steps if step.requests]
    if not answered:
        return tuple(said)
    said += _grown(record.steps)
    said.append(_counts(answered))
    said += _kept(answered)
    said.append("Rates are over a whole step, its start and tail included; times are this client's, the way to the "
                "server included.")  # fmt: skip
    return tuple(said)


def _grown(steps: Sequence[LoadStep]) -> list[str]:
    """The comparison with one request at once, for the highest step that has one."""
    beside = [row for row in scaling(steps) if row.throughput is not None]
    if not beside:
        return ["Nothing is said of how it scales: there is no other step beside one request at once."]
    row = beside[-1]
    slower = f", and the median TTFT is {row.ttft:.1f} times as long" if row.ttft is not None else ""
    return [
        f"{row.concurrency} at once give {row.throughput:.1f} times the answers a second of one at once "
        f"({100 * (row.efficiency or 0.0):.0f} % of {row.concurrency} times){slower}."
    ]


def _counts(steps: Sequence[LoadStep]) -> str:
    """Which percentiles so many answers support."""
    counts = sorted({step.requests for step in steps})
    span = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    if counts[0] >= P95_FROM:
        return f"Each step has {span} answers: median, range and p95."
    if counts[-1] < P95_FROM:
        return f"Each step has {span} answers: median and range; p95 needs {P95_FROM} of them."
    return f"Each step has {span} answers: p95 stands where there are {P95_FROM} of them, else median and range."


def _kept(steps: Sequence[LoadStep]) -> list[str]:
    """What makes answers unlike a first question."""
    reused, empty = sum(step.reused for step in steps), sum(step.empty for step in steps)
    every = sum(step.requests for step in steps)
    said = []
    if reused:
        said.append(f"For {reused} of {every} answers the server had a part of the prompt in its cache: no cold TTFT.")
    if empty:
        said.append(f"{empty} of {every} answers had no text at all; they have no TTFT.")
    return said
