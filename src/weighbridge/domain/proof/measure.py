"""Figures derived from events, and from nothing else: panel, summary, packet and tests all call these.

Every figure is folded event by event, so that an answer of any length costs its inter-token latencies (8 bytes each)
and nothing more. The definitions are in `formulas.py` and are printed wherever the figures are.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import pairwise

from pydantic import Field

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
from weighbridge.domain.proof.formulas import FORMULAS as FORMULAS
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.server_fold import ServerFigures
from weighbridge.domain.verdict.stats import Spread, spread

INTERRUPTED = "interrupted"
"""Outcome of an attempt of which no end is known: the program itself was ended first."""

BURST_S = 0.001
"""Seconds. No server decodes a whole answer in so short a time."""
BURST = "the text came in one burst: something on the way holds it back"


class RequestFigures(Record):
    """One answered prompt. None: the answer was too short for the figure."""

    request: str
    case: str
    warmup: bool
    prompt: str
    output: str
    stop_reason: StopReason
    prompt_tokens: int | None
    output_tokens: int | None
    ttft_s: float | None
    prefill_tokens_per_s: float | None
    decode_tokens_per_s: float | None
    itl: Spread | None
    total_s: float
    peak_rss_bytes: int | None
    engine_prompt_ms: float | None
    engine_decode_ms: float | None
    repeat: int = 1
    reused_tokens: int = 0
    engine_prefill_tokens_per_s: float | None = None
    engine_decode_tokens_per_s: float | None = None
    pieces: int | None = None
    doubts: tuple[str, ...] = ()


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
    whose repeats disagree at temperature 0. `sampler_percent`: what sampling took, of one core. `spreads`: count and
    range beside each median, by the name of the figure; that of all inter-token latencies is `itl_s`. `server`: what
    a server told of itself; None for a child on this machine.
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
    threads_lowered: int | None = Field(default=None, description="threads from the middle of an answer on, if fewer")
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
    spreads: dict[str, Spread] = Field(default_factory=dict)
    server: ServerFigures | None = None


def decode_rate(tokens: int, span_s: float) -> float | None:
    """Tokens per second from an answer's tokens and the seconds from the first to the last; None below two tokens."""
    return round((tokens - 1) / span_s, 3) if tokens > 1 and span_s > 0 else None


def gaps(times: Iterable[float]) -> tuple[float, ...]:
    """Inter-token latencies in seconds."""
    return tuple(round(b - a, 6) for a, b in pairwise(times))


class RequestFold:
    """Takes the events of a job and gives the figures of each request as it is completed.

    Of the request that runs it holds the prompt and the inter-token latencies, of an earlier one nothing. `peak`, the
    highest memory seen so far, is that of one child.
    """

    def __init__(self) -> None:
        self.open: RequestStarted | None = None
        """The request that is not completed."""
        self.served = False
        """Whether a server answers: what arrives are pieces of text then, and nobody here counts its tokens."""
        self.tokens = 0
        self.gaps = array("d")
        """Inter-token latencies in seconds, of the request that runs or ran last."""
        self.peak: int | None = None
        self._first = self._last = 0.0
        self._text: float | None = None

    @property
    def ttft_s(self) -> float | None:
        """Of the open request; None before its first text."""
        return None if self.open is None or self._text is None else round(self._text - self.open.t, 6)

    @property
    def decode_tokens_per_s(self) -> float | None:
        """Of the request that runs or ran last; None of a server, whose pieces are not its tokens."""
        return None if self.served else decode_rate(self.tokens, self._last - self._first)

    @property
    def counted(self) -> int | None:
        """Tokens of the request that runs or ran last; None where nobody has counted them yet."""
        return None if self.served else self.tokens

    def add(self, event: Event) -> RequestFigures | None:
        """Takes one event in; the figures where it completes a request."""
        match event:
            case Token():
                self._token(event)
            case Sample():
                self.peak = max(self.peak or 0, event.peak_rss_bytes or event.rss_bytes)
            case RequestStarted():
                self.open, self.tokens, self.gaps, self._text = event, 0, array("d"), None
                self._first = self._last = 0.0
            case Completed() if self.open is not None:
                figures = self._figures(self.open, event)
                self.open = None
                return figures
            case Attempt():
                self.open = self.peak = None
                self.served = event.target is not None
            case _:
                pass
        return None

    def _token(self, event: Token) -> None:
        if self._text is None and event.text:
            self._text = event.t
        if self.tokens:
            self.gaps.append(round(event.t - self._last, 6))
        else:
            self._first = event.t
        self.tokens += 1
        self._last = event.t

    def _figures(self, started: RequestStarted, done: Completed) -> RequestFigures:
        computed = None if done.prompt_tokens is None else done.prompt_tokens - done.reused_tokens
        burst = self._in_a_burst(done)
        if burst:
            self.gaps = array("d")
        return RequestFigures(
            request=done.request,
            case=done.case,
            warmup=done.warmup,
            repeat=done.repeat,
            prompt=started.prompt,
            output=done.output,
            stop_reason=done.stop_reason,
            prompt_tokens=done.prompt_tokens,
            reused_tokens=done.reused_tokens,
            output_tokens=done.output_tokens,
            ttft_s=self.ttft_s,
            prefill_tokens_per_s=_rate(computed, done.prefill_s),
            decode_tokens_per_s=None if burst else self._decode_rate(done),
            itl=spread(self.gaps),
            total_s=round(done.t - started.t, 6),
            peak_rss_bytes=self.peak,
            engine_prompt_ms=done.engine_prompt_ms,
            engine_decode_ms=done.engine_decode_ms,
            engine_prefill_tokens_per_s=_rate(done.engine_prompt_tokens, _seconds(done.engine_prompt_ms)),
            engine_decode_tokens_per_s=_rate(done.engine_decode_tokens, _seconds(done.engine_decode_ms)),
            pieces=done.pieces,
            doubts=(*done.doubts, BURST) if burst else done.doubts,
        )

    def _in_a_burst(self, done: Completed) -> bool:
        """Whether a server's answer of several tokens came at once: its times tell nothing of decoding."""
        many = max(self.tokens, done.output_tokens or 0) > 1
        return done.pieces is not None and self.tokens > 0 and many and self._last - self._first < BURST_S

    def _decode_rate(self, done: Completed) -> float | None:
        """A server's pieces are not its tokens: its own count over our span. None where it counts none."""
        if done.pieces is None:
            return self.decode_tokens_per_s
        return None if done.output_tokens is None else decode_rate(done.output_tokens, self._last - self._first)


def _rate(tokens: int | None, seconds: float | None) -> float | None:
    return round(tokens / seconds, 3) if tokens is not None and seconds is not None and seconds > 0 else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def request_figures(events: Iterable[Event]) -> tuple[RequestFigures, ...]:
    """Figures of every completed request, in order. `peak` is the highest of its child by its end."""
    fold = RequestFold()
    return tuple(figures for figures in map(fold.add, events) if figures is not None)


def attempt_outcomes(events: Iterable[Event]) -> tuple[AttemptOutcome, ...]:
    """How each child of the job ended. Nothing counts as completed before the job says so."""
    outcomes: list[AttemptOutcome] = []
    for event in events:
        add_outcome(outcomes, event)
    return tuple(outcomes)


def add_outcome(outcomes: list[AttemptOutcome], event: Event) -> None:
    """Takes one event into the list of attempts."""
    match event:
        case Attempt():
            outcomes.append(AttemptOutcome(mode=event.mode, outcome=INTERRUPTED, reason=event.reason))
        case Failed() if outcomes and not event.survived:
            how = f"{event.kind} {event.signal}" if event.signal else event.kind
            outcomes[-1] = outcomes[-1].model_copy(update={"outcome": how, "message": event.message})
        case Ended() if outcomes and outcomes[-1].outcome == INTERRUPTED:
            outcomes[-1] = outcomes[-1].model_copy(update={"outcome": event.outcome})
        case _:
            pass
