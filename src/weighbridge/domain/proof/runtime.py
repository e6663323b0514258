"""The one protocol between the session and whatever runs a model.

The session, the panels, the eval and the packet know only this and the events. The llama.cpp child is the first
implementation; endpoints, Ollama, Transformers, notebook and rented GPU are others.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Protocol

from weighbridge.domain.base import Record
from weighbridge.domain.proof.events import Event, Failed, Mode, Stopped
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.proof.threads import Swept
from weighbridge.domain.serving.target import Target


class RuntimeFacts(Record):
    """What can be said of a runtime before it is started."""

    name: str
    version: str
    where: str
    """'child process on this machine', or an address."""


class Launch(Record):
    """All that a runtime needs to start: the model's file and digest, the settings and the mode.

    With a `target` a server answers: there is no file, and of the settings it takes max_tokens, temperature and seed.
    """

    model_path: str
    model_sha256: str
    settings: RuntimeSettings
    mode: Mode = "default"
    log_path: str
    """The engine's own log (its stderr), kept as evidence."""
    address_space_bytes: int | None = None
    """Upper limit of the child's address space; None: no limit."""
    time_limit_s: float = 3600.0
    threads: Swept | None = None
    """Thread counts of an earlier sweep that still hold; None: they are measured, unless the settings fix them."""
    usable_cores: int = 1
    """Most threads that a sweep tries."""
    target: Target | None = None
    others_percent: float | None = None
    """Processor time taken by others just before, percent of one core: where the sweep begins. None: not known."""


class Runtime(Protocol):
    """One life: start once, generate one request at a time, stop once.

    Both iterators end after a `Failed` event; they never raise for anything that the engine did. Samples of memory
    and load are among the events wherever the runtime can see them.
    """

    @property
    def facts(self) -> RuntimeFacts: ...

    def start(self) -> AsyncIterator[Event]:
        """Spawned, Ready, Loaded, Trial..., Swept; or Failed. Samples in between."""
        ...

    def generate(self, request: Request) -> AsyncIterator[Event]:
        """RequestStarted, Token..., Completed; or Failed. Samples in between."""
        ...

    async def stop(self) -> Stopped | None:
        """Ends the process within 0.3 s, whatever it is doing; None if it never started. Safe to call twice."""
        ...


Tell = Callable[[Event], None]
"""Takes an event at once."""


class Concurrent(Runtime, Protocol):
    """A runtime that answers many requests at the same time, as every server does."""

    def answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        """Token..., Completed, without telemetry between them. Problem where the server failed.

        RequestStarted is the first of them, or goes to `tell` at the moment at which the request is handed over. May be
        cancelled at any moment. The caller ends all of them before it stops the runtime.
        """
        ...


Clock = Callable[[], float]
RuntimeFactory = Callable[[Launch, Clock], Runtime]
"""The clock gives `t`: seconds since the start of the job, from the system's monotonic clock."""


ENDED_BY_SOMEBODY = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")
ENGINE_FAULTS = ("SIGSEGV", "SIGABRT", "SIGILL", "SIGBUS", "SIGFPE")
"""Signals that tell something about the build on this machine, so that the mode that avoids them is remembered."""


def retry_mode(failure: Failed, mode: Mode) -> Mode | None:
    """The mode to try next after a failure, or None: a child killed by a signal in default mode is tried once more.

    SIGKILL too: it is most likely the kernel out of memory, and safe mode needs no second copy of the weights. Not
    where somebody asked the child to end.
    """
    killed = failure.kind == "crash" and failure.signal is not None
    return "safe" if killed and mode == "default" and failure.signal not in ENDED_BY_SOMEBODY else None
