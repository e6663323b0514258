"""The summary of one job, folded from its events."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple, TypeVar

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Event,
    Loaded,
    Ready,
    RequestStarted,
    Sample,
    Token,
)
from weighbridge.domain.proof.measure import (
    JobFigures,
    attempt_outcomes,
    decode_rate,
    gaps,
    request_figures,
)
from weighbridge.domain.verdict.stats import p50, p95

E = TypeVar("E")


def last(events: Sequence[Event], kind: type[E]) -> E | None:
    """The newest event of a kind."""
    return next((e for e in reversed(events) if isinstance(e, kind)), None)


def jobs(events: Sequence[Event]) -> list[tuple[Event, ...]]:
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


class _Cut(NamedTuple):
    """A prompt that has no whole answer."""

    started: RequestStarted
    tokens: tuple[Token, ...]

    @property
    def ttft_s(self) -> float | None:
        first = next((t.t for t in self.tokens if t.text), None)
        return None if first is None else round(first - self.started.t, 6)


def _cut_short(events: Sequence[Event]) -> _Cut | None:
    """The last prompt, if its answer was cut off and it was no warm-up."""
    at = max((i for i, e in enumerate(events) if isinstance(e, RequestStarted)), default=None)
    if at is None:
        return None
    started, rest = events[at], events[at:]
    assert isinstance(started, RequestStarted)
    if started.warmup or any(isinstance(e, Completed) for e in rest):
        return None
    return _Cut(started, tuple(e for e in rest if isinstance(e, Token)))


def _median(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return median(known) if known else None


def summarize(events: Sequence[Event]) -> JobFigures:
    """Figures of a job. Rates and TTFT are medians over its requests; the warm-up is left out."""
    live = last_attempt(events)
    counted = tuple(r for r in request_figures(live) if not r.warmup)
    cut = _cut_short(live)
    loaded, ready, sample = last(live, Loaded), last(live, Ready), last(live, Sample)
    samples = [e for e in live if isinstance(e, Sample)]
    attempt = last(live, Attempt)
    itl = [gap for r in counted for gap in r.itl_s] + list(gaps([t.t for t in cut.tokens]) if cut else ())
    prompts = [r.prompt_tokens for r in counted] + ([cut.started.prompt_tokens] if cut else [])
    outputs = [r.output_tokens for r in counted] + ([len(cut.tokens)] if cut else [])
    return JobFigures(
        attempts=attempt_outcomes(events),
        ttft_s=_median([*(r.ttft_s for r in counted), cut and cut.ttft_s]),
        prefill_tokens_per_s=_median([r.prefill_tokens_per_s for r in counted]),
        decode_tokens_per_s=_median(
            [*(r.decode_tokens_per_s for r in counted), cut and decode_rate([t.t for t in cut.tokens])]
        ),
        itl_p50_s=p50(itl),
        itl_p95_s=p95(itl),
        itl_max_s=max(itl, default=None),
        prompt_tokens=sum(prompts) if prompts else None,
        output_tokens=sum(outputs) if outputs else None,
        stop_reason=counted[-1].stop_reason if counted else None,
        load_s=loaded.load_s if loaded else None,
        peak_rss_bytes=max((s.peak_rss_bytes or s.rss_bytes for s in samples), default=None),
        baseline_rss_bytes=ready.baseline_rss_bytes if ready else None,
        rss_anon_bytes=sample.rss_anon_bytes if sample else None,
        rss_file_bytes=sample.rss_file_bytes if sample else None,
        threads=loaded.n_threads if loaded else None,
        load1_before=attempt.load1 if attempt else None,
        load1_after=sample.load1 if sample else None,
    )
