"""The one frozen view that the live panel draws, kept up to date event by event."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

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
    Swept,
    Token,
    Trial,
)
from weighbridge.domain.proof.noise import Mark, NoiseFold
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.timeline import Point, Series, Span, Timeline
from weighbridge.domain.verdict.stats import p50, p95

GAPS = 1_600
"""Inter-token latencies whose p50 and p95 are shown: the newest of the answer."""
ANSWER = 20_000
"""Characters of the answer kept for the screen at least; the events keep all of it."""


@dataclass(frozen=True)
class LiveView:
    """What is known at this moment. None: not known yet, or this system does not tell. Bytes, seconds, tokens."""

    job: str = ""
    phase: str = "idle"
    """idle, start, load, threads, prefill, decode, between, stopped, failed, done"""
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
    others_percent: float | None = None
    machine_percent: float | None = None
    load1: float | None = None
    threads: str = ""
    """`2 + 2 threads, measured in 1.8 s`; empty before they are chosen."""
    mark: Mark | None = None
    """None before a prompt was worked on."""
    mark_reasons: tuple[str, ...] = ()
    case: str = ""
    repeat: int = 1
    prompt: str = ""
    answer: str = ""
    prompt_tokens: int | None = None
    reused_tokens: int = 0
    """Of the prompt, kept in the KV cache: its TTFT is no cold one."""
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
    spans: tuple[Span, ...] = ()
    memory_trace: tuple[Point, ...] = ()
    """(t, RSS in bytes)"""
    latency_trace: tuple[Point, ...] = ()
    """(t, inter-token latency in seconds) over the whole job."""


def threads_words(swept: Swept) -> str:
    """How many threads, and how they were chosen: prefill + decode, as prefill comes first."""
    how = {
        "measured": f"measured in {swept.seconds:.1f} s",
        "remembered": f"measured {_ago(swept.age_s)} ago",
        "fixed": "fixed",
        "fallback": "not measured",
    }
    return f"{swept.n_threads_batch} + {swept.n_threads} threads, {how[swept.how]}"


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


@dataclass
class _Answer:
    """Tokens of the answer that is being given."""

    handed_over: float = 0.0
    count: int = 0
    first: float = 0.0
    newest: float = 0.0
    ttft: float | None = None
    longest: float | None = None
    gaps: deque[float] = field(default_factory=lambda: deque(maxlen=GAPS))
    text: str = ""
    pieces: list[str] = field(default_factory=list)

    def add(self, event: Token) -> float | None:
        """Takes a token; the gap before it, None for the first."""
        gap = None
        if self.ttft is None and event.text:
            self.ttft = round(event.t - self.handed_over, 6)
        if self.count == 0:
            self.first = event.t
        else:
            gap = round(event.t - self.newest, 6)
            self.longest = gap if self.longest is None or gap > self.longest else self.longest
            self.gaps.append(gap)
        self.newest = event.t
        self.count += 1
        self.pieces.append(event.text)
        return gap

    def shown(self) -> str:
        """The end of the text. It is cut seldom, so that from one view to the next it mostly only grows."""
        self.text += "".join(self.pieces)
        self.pieces.clear()
        if len(self.text) > 2 * ANSWER:
            self.text = self.text[-ANSWER:]
        return self.text

    def figures(self) -> dict[str, Any]:
        ordered, span = sorted(self.gaps), self.newest - self.first
        return {
            "answer": self.shown(),
            "tokens": self.count,
            "ttft_s": self.ttft,
            "decode_rate": round((self.count - 1) / span, 3) if span > 0 else None,
            "itl_p50_s": p50(ordered),
            "itl_p95_s": p95(ordered),
            "itl_max_s": self.longest,
        }


@dataclass
class Meter:
    """Takes events as they come; `view()` is asked for only when the screen paints.

    ITL p50 and p95 are those of the last 1,600 tokens; the maximum is that of the whole answer.
    """

    forecast_bytes: int | None = None
    _facts: dict[str, Any] = field(default_factory=dict)
    _elapsed_s: float = 0.0
    _phase: str = "idle"
    _answer: _Answer = field(default_factory=_Answer)
    _memory: Series = field(default_factory=Series)
    _latency: Series = field(default_factory=Series)
    _timeline: Timeline = field(default_factory=Timeline)
    _noise: NoiseFold = field(default_factory=NoiseFold)
    _worked: bool = False
    _view: LiveView | None = None

    def add(self, event: Event) -> None:
        """Takes one event in. Constant time; a token touches a few numbers and nothing else."""
        self._view = None
        if event.t > self._elapsed_s:
            self._elapsed_s = event.t
        if isinstance(event, Token):
            gap = self._answer.add(event)
            if gap is not None:
                self._latency.add(event.t, gap)
            self._phase = "decode"
            return
        self._noise.add(event)
        if isinstance(event, Sample):
            self._sample(event)
            return
        self._timeline.add(event)
        if isinstance(event, RequestStarted):
            self._answer = _Answer(handed_over=event.t)
            self._worked = self._worked or not event.warmup
        changes = _changes(event, self._facts, self._timeline.measures_threads)
        self._phase = changes.pop("phase", self._phase)
        self._facts.update(changes)

    def view(self) -> LiveView:
        """The picture of this moment; the same object while nothing has come in."""
        if self._view is None:
            noise = self._noise.result() if self._worked else None
            self._view = LiveView(
                **self._facts,
                **self._answer.figures(),
                elapsed_s=self._elapsed_s,
                phase=self._phase,
                forecast_bytes=self.forecast_bytes,
                mark=noise.mark if noise else None,
                mark_reasons=noise.reasons if noise else (),
                spans=tuple(self._timeline.spans),
                memory_trace=tuple(self._memory.points),
                latency_trace=tuple(self._latency.points),
            )
        return self._view

    def _sample(self, event: Sample) -> None:
        self._memory.add(event.t, float(event.rss_bytes))
        self._facts.update(
            rss_bytes=event.rss_bytes,
            rss_anon_bytes=event.rss_anon_bytes,
            rss_file_bytes=event.rss_file_bytes,
            peak_bytes=max(self._facts.get("peak_bytes") or 0, event.peak_rss_bytes or event.rss_bytes),
            cpu_percent=event.cpu_percent,
            others_percent=event.others_percent,
            machine_percent=event.machine_percent,
            load1=event.load1,
        )


def _changes(event: Event, facts: dict[str, Any], measures_threads: bool) -> dict[str, Any]:
    """What an event that comes seldom changes in the view. Times, tokens and samples are taken elsewhere."""
    match event:
        case Attempt():
            return _begun(event, facts)
        case Ready():
            return {"phase": "load", "baseline_bytes": event.baseline_rss_bytes}
        case Loaded() if not measures_threads:
            return {"phase": "between", "threads": f"{event.n_threads_batch} + {event.n_threads} threads"}
        case Loaded():
            return {"phase": "threads"}
        case Trial():
            return {"phase": "threads"}
        case Swept():
            return {"phase": "between", "threads": threads_words(event)}
        case RequestStarted():
            return {
                "phase": "prefill",
                "case": event.case,
                "repeat": event.repeat,
                "prompt": event.prompt,
                "prompt_tokens": event.prompt_tokens,
                "prefill_rate": None,
                "reused_tokens": 0,
            }
        case Prefilled():
            computed = event.prompt_tokens - event.reused_tokens
            rate = round(computed / event.prefill_s, 3) if event.prefill_s > 0 else None
            return {"prefill_rate": rate, "reused_tokens": event.reused_tokens}
        case _:
            return _ending(event, facts)


def _ending(event: Event, facts: dict[str, Any]) -> dict[str, Any]:
    """What an event says that closes something: an answer, a case, a child, the job."""
    match event:
        case Completed():
            return {"phase": "between"}
        case Graded():
            return {"marks": (*facts.get("marks", ()), (event.case, event.passed, event.reason))}
        case Failed():
            return {"phase": "failed", "message": event.message}
        case Stopped():
            return {"stopped": shutdown_text(event)}
        case Ended():
            return {"phase": {"completed": "done"}.get(event.outcome, event.outcome)}
        case _:
            return {}


def _begun(event: Attempt, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "job": event.job,
        "phase": "start",
        "mode": event.mode,
        "message": event.reason,
        "limit_bytes": event.available_bytes,
        "max_tokens": event.settings.max_tokens,
        "load1": event.load1,
        "peak_bytes": None,
        "threads": "",
        "attempts": (*facts.get("attempts", ()), f"{event.number}. {event.mode}: {event.reason}"),
    }
