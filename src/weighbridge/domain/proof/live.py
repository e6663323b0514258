"""The one frozen view that the live panel draws, kept up to date event by event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from weighbridge.domain.proof.events import Attempt, Ended, Event, RequestStarted, Sample, ServerSample, Token
from weighbridge.domain.proof.fold import JobFold
from weighbridge.domain.proof.live_answer import LiveAnswer, of_the_job
from weighbridge.domain.proof.live_changes import changes_of
from weighbridge.domain.proof.live_server import LiveServer, ServerMeter
from weighbridge.domain.proof.noise import Mark, NoiseFold
from weighbridge.domain.proof.remote import ASKED_AGAIN
from weighbridge.domain.proof.timeline import Point, Series, Span, Timeline


@dataclass(frozen=True)
class LiveView:
    """What is known at this moment. None: not known yet, or this system does not tell. Bytes, seconds, tokens."""

    job: str = ""
    job_id: str = ""
    phase: str = "idle"
    """idle, start, connect, load, threads, prefill, wait, decode, between, stopped, failed, done"""
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
    waited: bool = False
    """Whether the server sent a prompt away to be asked again: its TTFT holds the wait and is not the model's."""
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
    _waited: bool = False
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
            if self._phase in ("prefill", "wait"):
                self._timeline.add(event)
            self._phase = "decode"
            return
        self._noise.add(event)
        self._server.add(event)
        if isinstance(event, ServerSample):
            self._wait(event)
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
        changes = changes_of(event, self._facts, self._timeline.measures_threads)
        self._phase = changes.pop("phase", self._phase)
        self._facts.update(changes)
        if isinstance(event, Ended):
            self._over = of_the_job(self._fold.figures(), self._facts) | {"waited": self._waited}

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
        self._answer, self._over = LiveAnswer(handed_over=event.t), {}
        self._worked = self._waited = False
        if event.number == 1:
            self._fold = JobFold()
            self._fold.add(event)
        if self._memory.points:
            self._memory.add(event.t, 0.0)

    def _wait(self, event: ServerSample) -> None:
        """A prompt that the server sends away lies in no phase of the model until it is asked again."""
        if event.wait and self._phase in ("prefill", "wait"):
            self._phase, self._answer.waited = "wait", True
            self._waited = self._waited or not self._facts.get("warmup")
        elif event.source == ASKED_AGAIN and self._phase == "wait":
            self._phase = "prefill"
        else:
            return
        self._timeline.add(event)

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
