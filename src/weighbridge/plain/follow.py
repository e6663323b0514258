"""Follows a proof or an eval: lines of progress for a person, and ctrl+c."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from types import FrameType
from typing import Protocol, TypeVar

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Connected,
    Event,
    Failed,
    Graded,
    Loaded,
    Ready,
    RequestStarted,
    Sample,
    ServerSample,
    Stopped,
    Swept,
    ThreadsLowered,
    Trial,
)
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.phase_words import phase_words
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.texts.figures import counted, mib, progress
from weighbridge.plain.texts.loaded import loaded_line, warnings
from weighbridge.session.session import Session

EVERY_S = 2.0
"""Least time between two lines of figures, in seconds of the job's own clock."""

Told = TypeVar("Told")


async def follow(session: Session, events: AsyncGenerator[Told, None], show: Callable[[Told], None]) -> bool:
    """Takes every event to its end; True where ctrl+c stopped the job.

    The first ctrl+c stops the job and keeps what it measured. A second one raises KeyboardInterrupt. A reader of
    standard output that goes away stops the job too.
    """
    loop = asyncio.get_running_loop()
    stops: list[asyncio.Task[None]] = []

    def stop() -> None:
        if not stops and not output.reader_gone():
            diagnostics.note("stopping; ctrl+c again quits at once")
        stops.append(loop.create_task(session.stop()))

    def on_ctrl_c(_number: int, _frame: FrameType | None) -> None:
        if stops:
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(stop)

    before = signal.signal(signal.SIGINT, on_ctrl_c)
    try:
        async with aclosing(events):
            async for event in events:
                show(event)
                # A wish that came before there was a job to stop is repeated.
                if all(task.done() for task in stops) if stops else output.reader_gone():
                    stop()
        await asyncio.gather(*stops)
    finally:
        signal.signal(signal.SIGINT, before)
    return bool(stops)


class Watched(Protocol):
    """What has a live view: a session, or a replay."""

    @property
    def live(self) -> LiveView: ...


class Lines:
    """What a person is told of a job: changes at once, figures at most every two seconds, no redraws."""

    def __init__(self, source: Watched, write: Callable[[str], None]) -> None:
        self._source = source
        self._write = write
        self._said = float("-inf")
        self._limited = False
        self._measuring = self._waits = False
        self._wished: RuntimeSettings | None = None
        self._warned: set[str] = set()

    def show(self, event: Event) -> None:
        line = _change(event)
        if isinstance(event, Trial) and not self._measuring:
            self._measuring, line = True, "measuring threads"
        line = self._wait(event) or line
        if isinstance(event, Attempt):
            self._wished = event.settings
        if isinstance(event, Loaded):
            line = loaded_line(event, self._wished)
        if isinstance(event, RequestStarted):
            self._limited = not event.warmup and not event.case
        if isinstance(event, Completed) or (line is None and event.t - self._said >= EVERY_S):
            view = self._source.live
            line = progress(view, view.max_tokens if self._limited else None)
            if said := server_words(view):
                line += f"; {said}"
            if view.mark == "contended":
                line += ", contended"
        if line is not None:
            self._said = event.t
            self._write(clean_line(line, 1000))
        self._beside(event)

    def _beside(self, event: Event) -> None:
        """What else there is to say of an event, each sentence a line."""
        if isinstance(event, Loaded):
            self._once(warnings(event))
        if isinstance(event, ServerSample) and event.untold:
            self._once([f"not told, load of the server: {clean_line(event.untold, 400)}"])
        if isinstance(event, Connected):
            for what, why in event.missing.items():
                self._write(clean_line(f"not told, {what}: {why}", 400))

    def _wait(self, event: Event) -> str:
        """For what a server is waited for: its first sentence at once, later ones every two seconds."""
        if not isinstance(event, ServerSample) or not event.wait:
            self._waits = self._waits and isinstance(event, ServerSample | Sample)
            return ""
        due = not self._waits or event.t - self._said >= EVERY_S
        self._waits = True
        return event.source if due else ""

    def _once(self, sentences: Iterable[str]) -> None:
        """Once, even if the model is loaded or the server asked again for a second attempt or for the eval."""
        for sentence in sentences:
            if sentence not in self._warned:
                self._warned.add(sentence)
                self._write(sentence)


def connected_line(event: Connected) -> str:
    """Who answers, and what it says of itself."""
    engine = f"{event.engine} {event.version}".strip() or "an engine that does not name itself"
    length = f", {event.max_model_len:,} tokens at most" if event.max_model_len else ""
    pid = f", process {event.pid} on this machine" if event.pid else ""
    waited = f" after {event.waited_s:.1f} s" if event.waited_s >= 1 else ""
    return f"the server answers{waited}: {event.model} by {engine}{length}{pid}"


def server_words(view: LiveView) -> str:
    """What the server tells of its memory and load; empty where a child answers, or it tells nothing."""
    server = view.server
    if server is None:
        return ""
    parts = [
        f"GPU memory {mib(server.gpu_memory_bytes)}" if server.gpu_memory_bytes is not None else "",
        f"memory {mib(server.memory_bytes)}" if server.memory_bytes is not None else "",
        f"GPU {server.gpu_percent:.0f} %" if server.gpu_percent is not None else "",
        f"KV cache {server.kv_cache_percent:.0f} % in use" if server.kv_cache_percent is not None else "",
        f"{server.waiting} waiting" if server.waiting else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"by {server.source}: {said}" if said else ""


def _attempt(event: Attempt) -> str:
    """A server has no modes: which of them is asked is what there is to say."""
    if event.target is None:
        return f"attempt {event.number}, {event.mode} mode: {event.reason}"
    return f"attempt {event.number}: asking {event.target.base_url or 'a server that is started here'}"


def _change(event: Event) -> str | None:
    """The line of an event that changes something; None for tokens and samples."""
    match event:
        case Attempt():
            return _attempt(event)
        case Ready():
            return f"the engine is there ({event.engine}); loading the model"
        case Connected():
            return connected_line(event)
        case Swept():
            return (
                f"{counted(event.n_threads_batch, 'thread')} for prefill, {event.n_threads} for decode: {event.reason}"
            )
        case ThreadsLowered():
            return event.sentence
        case RequestStarted():
            what = "warm-up" if event.warmup else f"case {event.case}" if event.case else "prompt"
            again = f", repeat {event.repeat}" if event.repeat > 1 else ""
            size = "sent" if event.prompt_tokens is None else f"{counted(event.prompt_tokens, 'token')} to read"
            return f"{what}{again}: {size}"
        case Failed():
            return f"failed ({event.kind}, {phase_words(event.phase)}): {event.message}"
        case Graded():
            return f"case {event.case}: {'PASS' if event.passed else 'FAIL'}, {event.reason}"
        case Stopped(how="released" | "left_running"):
            return shutdown_text(event)
        case Stopped():
            gone = "gone" if event.gone else "STILL THERE"
            return f"{event.how} in {event.seconds:.2f} s; process {event.pid} is {gone}"
        case _:
            return None
