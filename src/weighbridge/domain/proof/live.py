"""The one frozen view that the live panel draws, kept up to date event by event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Connected,
    Ended,
    Event,
    Failed,
    Graded,
    Loaded,
    Prefilled,
    Ready,
    RequestStarted,
    Sample,
    ServerSample,
    Stopped,
    Swept,
    ThreadsLowered,
    Token,
    Trial,
)
from weighbridge.domain.proof.fold import JobFold
from weighbridge.domain.proof.live_answer import LiveAnswer, of_the_job
from weighbridge.domain.proof.live_server import LiveServer, ServerMeter
from weighbridge.domain.proof.noise import Mark, NoiseFold
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.thread_words import counts, threads_words
from weighbridge.domain.proof.timeline import Point, Series, Span, Timeline


@dataclass(frozen=True)
class LiveView:
    """What is known at this moment. None: not known yet, or this system does not tell. Bytes, seconds, tokens."""

    job: str = ""
    job_id: str = ""
    phase: str = "idle"
    """idle, start, connect, load, threads, prefill, decode, between, stopped, failed, done"""
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
    """`2 threads prefill, 2 decode, measured in 1.8 s`; empty before they are chosen."""
    mark: Mark | None = None
    """None before a prompt was worked on."""
    mark_reasons: tuple[str, ...] = ()
    case: str = ""
    repeat: int = 1
    repeats: int = 1
    """How often each prompt is asked."""
    warmup: bool = False
    answers: int | None = None
    """Once the job is over: how many answers its figures stand for; then they are the job's, not of one answer."""
    mean_load: bool = False
    """Whether `cpu_percent` and `others_percent` are means while prompts were worked on, not the newest sample's."""
    prompt: str = ""
    answer: str = ""
    prompt_tokens: int | None = None
    reused_tokens: int = 0
    """Of the prompt, kept in the KV cache: its TTFT is no cold one."""
    tokens: int = 0
    """Of a server: pieces of text, each of one token or more; the inter-token latencies are between them."""
    max_tokens: int | None = None
    ttft_s: float | None = None
    prefill_rate: float | None = None
    decode_rate: float | None = None
    """Tokens a second. Of a server only once the job is over, by its own count of tokens."""
    piece_rate: float | None = None
    """Pieces of text a second, of a server's answer."""
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
    server: LiveServer | None = None
    """None: a child on this machine answers."""
    doubts: tuple[str, ...] = ()
    """What of the server's account of the newest answer does not add up."""


OF_A_CHILD = (
    "rss_bytes",
    "rss_anon_bytes",
    "rss_file_bytes",
    "peak_bytes",
    "baseline_bytes",
    "cpu_percent",
    "others_percent",
    "machine_percent",
    "prompt_tokens",
    "prefill_rate",
)
"""What is not known of another child before it says so."""


@dataclass
class Meter:
    """Takes events as they come; `view()` is asked for only when the screen paints.

    While the job runs, the figures are those of the answer that is given: ITL p50 and p95 of its last 1,600 tokens,
    the maximum of all of them. Once the job has ended they are the job's own, over all its answers.
    """

    forecast_bytes: int | None = None
    _facts: dict[str, Any] = field(default_factory=dict)
    _elapsed_s: float = 0.0
    _phase: str = "idle"
    _answer: LiveAnswer = field(default_factory=LiveAnswer)
    _memory: Series = field(default_factory=Series)
    _latency: Series = field(default_factory=Series)
    _timeline: Timeline = field(default_factory=Timeline)
    _server: ServerMeter = field(default_factory=ServerMeter)
    _noise: NoiseFold = field(default_factory=NoiseFold)
    _fold: JobFold = field(default_factory=JobFold)
    _over: dict[str, Any] = field(default_factory=dict)
    _worked: bool = False
    _view: LiveView | None = None

    def add(self, event: Event) -> None:
        """Takes one event in. Constant time; a token touches a few numbers and nothing else."""
        self._view = None
        self._fold.add(event)
        if event.t > self._elapsed_s:
            self._elapsed_s = event.t
        if isinstance(event, Token):
            gap = self._answer.add(event)
            if gap is not None:
                self._latency.add(event.t, gap)
            if self._phase == "prefill":
                self._timeline.add(event)
            self._phase = "decode"
            return
        self._noise.add(event)
        self._server.add(event)
        if isinstance(event, ServerSample):
            return
        if isinstance(event, Sample):
            self._sample(event)
            return
        self._timeline.add(event)
        if isinstance(event, Attempt):
            self._begin(event)
        if isinstance(event, RequestStarted):
            self._answer = LiveAnswer(handed_over=event.t)
            self._worked = self._worked or not event.warmup
        changes = _changes(event, self._facts, self._timeline.measures_threads)
        self._phase = changes.pop("phase", self._phase)
        self._facts.update(changes)
        if isinstance(event, Ended):
            self._over = of_the_job(self._fold.figures(), self._facts)

    def view(self) -> LiveView:
        """The picture of this moment; the same object while nothing has come in."""
        if self._view is None:
            noise = self._noise.result() if self._worked else None
            server, answer = self._server.view(), self._answer.figures()
            if server is not None:
                answer["piece_rate"] = answer.pop("decode_rate")
            self._view = LiveView(
                **{**self._facts, **answer, **self._over},
                elapsed_s=self._elapsed_s,
                phase=self._phase,
                forecast_bytes=self.forecast_bytes,
                mark=noise.mark if noise else None,
                mark_reasons=noise.reasons if noise else (),
                spans=tuple(self._timeline.spans),
                memory_trace=tuple(self._memory.points),
                latency_trace=tuple(self._latency.points),
                server=server,
            )
        return self._view

    def _begin(self, event: Attempt) -> None:
        """Another child: nothing of the one before it is its own."""
        self._answer, self._over, self._worked = LiveAnswer(handed_over=event.t), {}, False
        if event.number == 1:
            self._fold = JobFold()
            self._fold.add(event)
        if self._memory.points:
            self._memory.add(event.t, 0.0)

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
        case Connected():
            return {"phase": "between"}
        case Loaded() if not measures_threads:
            return {"phase": "between", "threads": counts(event.n_threads_batch, event.n_threads)}
        case Loaded():
            return {"phase": "threads"}
        case Trial():
            return {"phase": "threads"}
        case Swept():
            return {"phase": "between", "threads": threads_words(event)}
        case ThreadsLowered():
            return {"threads": f"lowered to {event.n_threads} of {event.n_threads_before} threads"}
        case RequestStarted():
            return {
                "phase": "prefill",
                "case": event.case,
                "repeat": event.repeat,
                "warmup": event.warmup,
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
        case Completed() if event.pieces is not None:
            told = {"prompt_tokens": event.prompt_tokens, "reused_tokens": event.reused_tokens}
            return {"phase": "between", "doubts": event.doubts, **told}
        case Completed():
            return {"phase": "between"}
        case Graded():
            return {"marks": (*facts.get("marks", ()), (event.case, event.passed, event.reason))}
        case Failed():
            return {"phase": "between" if event.survived else "failed", "message": event.message}
        case Stopped():
            return {"stopped": shutdown_text(event)}
        case Ended():
            return {"phase": {"completed": "done"}.get(event.outcome, event.outcome)}
        case _:
            return {}


def _begun(event: Attempt, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        **dict.fromkeys(OF_A_CHILD),
        "job": event.job,
        "job_id": event.job_id,
        "phase": "start" if event.target is None else "connect",
        "mode": event.mode,
        "message": event.reason,
        "limit_bytes": event.available_bytes if event.target is None else None,
        "doubts": (),
        "max_tokens": event.settings.max_tokens,
        "load1": event.load1,
        "repeats": event.settings.repeats,
        "warmup": False,
        "reused_tokens": 0,
        "threads": "",
        "stopped": "",
        "attempts": (*facts.get("attempts", ()), event.reason),
    }
