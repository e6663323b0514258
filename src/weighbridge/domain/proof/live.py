"""The one frozen view that the live panel draws, kept up to date event by event."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Ended,
    Event,
    Failed,
    Graded,
    Loaded,
    Prefilled,
    Ready,
    RequestStarted,
    Sample,
    Stopped,
    Token,
)
from weighbridge.domain.proof.measure import gaps
from weighbridge.domain.verdict.stats import p50, p95

TRACE = 400
"""Samples kept for a trace: more than any terminal is wide."""
ANSWER = 20_000
"""Characters of the answer kept for the screen; the events keep all of it."""


@dataclass(frozen=True)
class LiveView:
    """What is known at this moment. None: not known yet, or this system does not tell. Bytes, seconds, tokens."""

    job: str = ""
    phase: str = "idle"
    """idle, start, load, prefill, decode, between, stopped, failed, done"""
    mode: str = ""
    attempts: tuple[str, ...] = ()
    elapsed_s: float = 0.0
    limit_bytes: int | None = None
    forecast_bytes: int | None = None
    rss_bytes: int | None = None
    rss_anon_bytes: int | None = None
    rss_file_bytes: int | None = None
    peak_bytes: int | None = None
    baseline_bytes: int | None = None
    cpu_percent: float | None = None
    machine_percent: float | None = None
    load1: float | None = None
    case: str = ""
    prompt: str = ""
    answer: str = ""
    prompt_tokens: int | None = None
    tokens: int = 0
    max_tokens: int | None = None
    ttft_s: float | None = None
    prefill_rate: float | None = None
    decode_rate: float | None = None
    itl_p50_s: float | None = None
    itl_p95_s: float | None = None
    itl_max_s: float | None = None
    message: str = ""
    stopped: str = ""
    marks: tuple[tuple[str, bool, str], ...] = ()
    memory_trace: tuple[float, ...] = ()
    speed_trace: tuple[float, ...] = ()


@dataclass
class Meter:
    """Takes events as they come; `view()` is cheap, and is asked for only when the screen paints.

    ITL p50 and p95 are those of the last 1,600 tokens; the maximum is that of the whole answer. The speed trace counts
    the tokens of the last second.
    """

    forecast_bytes: int | None = None
    _view: LiveView = field(default_factory=LiveView)
    _memory: deque[float] = field(default_factory=lambda: deque(maxlen=TRACE))
    _speed: deque[float] = field(default_factory=lambda: deque(maxlen=TRACE))
    _times: deque[float] = field(default_factory=lambda: deque(maxlen=4 * TRACE))
    _answer: deque[str] = field(default_factory=lambda: deque(maxlen=ANSWER))
    _count: int = 0
    _first: float = 0.0
    _handed_over: float = 0.0
    _ttft: float | None = None
    _longest: float | None = None

    def add(self, event: Event) -> None:
        """Takes one event in. Constant time."""
        match event:
            case Token():
                self._token(event)
            case Sample():
                self._sample(event)
            case RequestStarted():
                self._request(event)
            case _:
                self._set(event.t, **_changes(event, self._view))

    def view(self) -> LiveView:
        """The picture of this moment."""
        itl = gaps(self._times)
        span = self._times[-1] - self._first if self._times else 0.0
        return replace(
            self._view,
            forecast_bytes=self.forecast_bytes,
            answer="".join(self._answer)[-ANSWER:],
            tokens=self._count,
            ttft_s=self._ttft,
            decode_rate=round((self._count - 1) / span, 3) if span > 0 else None,
            itl_p50_s=p50(itl),
            itl_p95_s=p95(itl),
            itl_max_s=self._longest,
            memory_trace=tuple(self._memory),
            speed_trace=tuple(self._speed),
        )

    def _set(self, t: float, **changes: object) -> None:
        self._view = replace(self._view, elapsed_s=max(t, self._view.elapsed_s), **changes)  # type: ignore[arg-type]

    def _token(self, event: Token) -> None:
        if self._ttft is None and event.text:
            self._ttft = round(event.t - self._handed_over, 6)
        if self._count == 0:
            self._first = event.t
        else:
            self._longest = max(self._longest or 0.0, round(event.t - self._times[-1], 6))
        self._count += 1
        self._times.append(event.t)
        self._answer.append(event.text)
        self._set(event.t, phase="decode")

    def _request(self, event: RequestStarted) -> None:
        self._times.clear()
        self._answer.clear()
        self._count, self._ttft, self._longest, self._handed_over = 0, None, None, event.t
        self._set(
            event.t,
            phase="prefill",
            case=event.case,
            prompt=event.prompt,
            prompt_tokens=event.prompt_tokens,
            prefill_rate=None,
        )

    def _sample(self, event: Sample) -> None:
        self._memory.append(float(event.rss_bytes))
        self._speed.append(float(sum(t > event.t - 1.0 for t in self._times)))
        self._set(
            event.t,
            rss_bytes=event.rss_bytes,
            rss_anon_bytes=event.rss_anon_bytes,
            rss_file_bytes=event.rss_file_bytes,
            peak_bytes=max(self._view.peak_bytes or 0, event.peak_rss_bytes or event.rss_bytes),
            cpu_percent=event.cpu_percent,
            machine_percent=event.machine_percent,
            load1=event.load1,
        )


def _changes(event: Event, view: LiveView) -> dict[str, object]:
    """What an event that comes seldom changes in the view."""
    match event:
        case Attempt():
            return {
                "job": event.job,
                "phase": "start",
                "mode": event.mode,
                "message": event.reason,
                "limit_bytes": event.available_bytes,
                "max_tokens": event.settings.max_tokens,
                "load1": event.load1,
                "peak_bytes": None,
                "attempts": (*view.attempts, f"{event.number}. {event.mode}: {event.reason}"),
            }
        case Ready():
            return {"phase": "load", "baseline_bytes": event.baseline_rss_bytes}
        case Loaded():
            return {"phase": "between"}
        case Prefilled():
            return {"prefill_rate": round(event.prompt_tokens / event.prefill_s, 3) if event.prefill_s > 0 else None}
        case Completed():
            return {"phase": "between"}
        case Graded():
            return {"marks": (*view.marks, (event.case, event.passed, event.reason))}
        case Failed():
            return {"phase": "failed", "message": event.message}
        case Stopped():
            return {"stopped": f"{event.how} in {event.seconds:.2f} s, pid {event.pid} gone: {event.gone}"}
        case Ended():
            return {"phase": {"completed": "done"}.get(event.outcome, event.outcome)}
        case _:
            return {}
