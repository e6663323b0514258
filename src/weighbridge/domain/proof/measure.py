"""Figures derived from events, and from nothing else: panel, summary, packet and tests all call these.

Definitions, printed wherever the figures are:
  TTFT            first non-empty text minus the moment the prompt was handed over
  prefill rate    prompt tokens / time of the prompt's decode calls
  ITL             time between two tokens that follow each other, by token, the first token left out
  decode rate     (output tokens - 1) / (last token - first token)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from weighbridge.domain.base import Record
from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Ended,
    Event,
    Failed,
    Mode,
    RequestStarted,
    Sample,
    StopReason,
    Token,
)
from weighbridge.domain.proof.noise import Noise

FORMULAS = {
    "ttft_s": "time of the first non-empty text - time the prompt was handed over",
    "prefill_tokens_per_s": "prompt tokens / time of the prompt's decode calls",
    "itl_*_s": "time between two consecutive tokens of one answer, the first token left out",
    "decode_tokens_per_s": "(output tokens - 1) / (time of the last token - time of the first token)",
}


INTERRUPTED = "interrupted"
"""Outcome of an attempt of which no end is known: the program itself was ended first."""


class RequestFigures(Record):
    """One answered prompt. None: the answer was too short for the figure."""

    request: str
    case: str
    warmup: bool
    prompt: str
    output: str
    stop_reason: StopReason
    prompt_tokens: int
    output_tokens: int
    ttft_s: float | None
    prefill_tokens_per_s: float | None
    decode_tokens_per_s: float | None
    itl_s: tuple[float, ...]
    total_s: float
    peak_rss_bytes: int | None
    engine_prompt_ms: float
    engine_decode_ms: float
    repeat: int = 1
    reused_tokens: int = 0
    engine_prefill_tokens_per_s: float | None = None
    engine_decode_tokens_per_s: float | None = None


class AttemptOutcome(Record):
    """One child of the job and how it ended: completed, stopped, interrupted, or crash SIGSEGV, refused, ..."""

    mode: Mode
    outcome: str
    reason: str
    message: str = ""


class JobFigures(Record):
    """The summary of one job, warm-up left out. None: not measured.

    A prompt whose answer was cut off by a crash or a stop counts with what there is of it. `stop_reason` is that of
    the last whole answer. TTFT is that of cold prompts; those that kept a part of the KV cache are in `ttft_reused_s`.
    `requests`: answers counted. `total_s`: median, prompt handed over to last token. `disagreements`: sentences, where
    our rates and the engine's own counters are more than 5 % apart. `unstable`: prompts (by case, or the request)
    whose repeats disagree at temperature 0. `sampler_percent`: what sampling took, of one core.
    """

    attempts: tuple[AttemptOutcome, ...]
    ttft_s: float | None
    prefill_tokens_per_s: float | None
    decode_tokens_per_s: float | None
    itl_p50_s: float | None
    itl_p95_s: float | None
    itl_max_s: float | None
    prompt_tokens: int | None
    output_tokens: int | None
    stop_reason: StopReason | None
    load_s: float | None
    peak_rss_bytes: int | None
    baseline_rss_bytes: int | None
    rss_anon_bytes: int | None
    rss_file_bytes: int | None
    threads: int | None
    load1_before: float | None
    load1_after: float | None
    threads_batch: int | None = None
    requests: int | None = None
    ttft_min_s: float | None = None
    ttft_max_s: float | None = None
    ttft_reused_s: float | None = None
    total_s: float | None = None
    engine_prefill_tokens_per_s: float | None = None
    engine_decode_tokens_per_s: float | None = None
    disagreements: tuple[str, ...] = ()
    unstable: tuple[str, ...] = ()
    noise: Noise | None = None
    uss_bytes: int | None = None
    pss_bytes: int | None = None
    swap_bytes: int | None = None
    minor_faults: int | None = None
    major_faults: int | None = None
    cpu_s: float | None = None
    sampler_percent: float | None = None


def decode_rate(times: Sequence[float]) -> float | None:
    """Tokens per second from the times of an answer's tokens (seconds); None below two tokens."""
    span = times[-1] - times[0] if len(times) > 1 else 0.0
    return round((len(times) - 1) / span, 3) if span > 0 else None


def gaps(times: Iterable[float]) -> tuple[float, ...]:
    """Inter-token latencies in seconds."""
    return tuple(round(b - a, 6) for a, b in pairwise(times))


def request_figures(events: Sequence[Event]) -> tuple[RequestFigures, ...]:
    """Figures of every completed request, in order. `peak` is the highest seen by its end."""
    figures: list[RequestFigures] = []
    started: RequestStarted | None = None
    tokens: list[Token] = []
    peak: int | None = None
    for event in events:
        match event:
            case Sample():
                peak = max(peak or 0, event.peak_rss_bytes or event.rss_bytes)
            case RequestStarted():
                started, tokens = event, []
            case Token():
                tokens.append(event)
            case Completed() if started is not None:
                figures.append(_figures(started, tokens, event, peak))
                started = None
            case _:
                pass
    return tuple(figures)


def _figures(started: RequestStarted, tokens: Sequence[Token], done: Completed, peak: int | None) -> RequestFigures:
    times = [t.t for t in tokens]
    first_text = next((t.t for t in tokens if t.text), None)
    return RequestFigures(
        request=done.request,
        case=done.case,
        warmup=done.warmup,
        prompt=started.prompt,
        output=done.output,
        stop_reason=done.stop_reason,
        prompt_tokens=done.prompt_tokens,
        output_tokens=done.output_tokens,
        ttft_s=None if first_text is None else round(first_text - started.t, 6),
        prefill_tokens_per_s=round(done.prompt_tokens / done.prefill_s, 3) if done.prefill_s > 0 else None,
        decode_tokens_per_s=decode_rate(times),
        itl_s=gaps(times),
        total_s=round(done.t - started.t, 6),
        peak_rss_bytes=peak,
        engine_prompt_ms=done.engine_prompt_ms,
        engine_decode_ms=done.engine_decode_ms,
    )


def attempt_outcomes(events: Iterable[Event]) -> tuple[AttemptOutcome, ...]:
    """How each child of the job ended. Nothing counts as completed before the job says so."""
    outcomes: list[AttemptOutcome] = []
    for event in events:
        match event:
            case Attempt():
                outcomes.append(AttemptOutcome(mode=event.mode, outcome=INTERRUPTED, reason=event.reason))
            case Failed() if outcomes:
                how = f"{event.kind} {event.signal}" if event.signal else event.kind
                outcomes[-1] = outcomes[-1].model_copy(update={"outcome": how, "message": event.message})
            case Ended() if outcomes and outcomes[-1].outcome == INTERRUPTED:
                outcomes[-1] = outcomes[-1].model_copy(update={"outcome": event.outcome})
            case _:
                pass
    return tuple(outcomes)
