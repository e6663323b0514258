"""The real engine with the real bundled model, one thread, small contexts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from weighbridge.domain.proof.events import Completed, Event, Mode
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.services.engine.llama_runtime import LlamaRuntime

E = TypeVar("E")
N = TypeVar("N", int, float)
PROMPT = "What is the capital of France?"


class Rig:
    """Makes runtimes, and collects what they say."""

    def __init__(self, model: Path, folder: Path) -> None:
        self.model = model
        self.log = folder / "engine.log"
        self.made: list[LlamaRuntime] = []
        self._zero = time.monotonic()

    def clock(self) -> float:
        return time.monotonic() - self._zero

    def launch(
        self, mode: Mode = "safe", model: Path | None = None, time_limit_s: float = 120.0, **settings: Any
    ) -> Launch:
        return Launch(
            model_path=str(model or self.model),
            model_sha256="0" * 64,
            settings=RuntimeSettings(**{"n_ctx": 512, "max_tokens": 8, **settings}),
            mode=mode,
            log_path=str(self.log),
            time_limit_s=time_limit_s,
        )

    def runtime(self, launch: Launch | None = None, **watching: float) -> LlamaRuntime:
        """A child that waits long for a processor, or is long within one call of Python, is not taken for hung."""
        runtime = LlamaRuntime(launch or self.launch(), self.clock, **{"silence_s": 120.0} | watching)
        self.made.append(runtime)
        return runtime

    async def started(self, launch: Launch | None = None, **watching: float) -> tuple[LlamaRuntime, int]:
        """A runtime with its model loaded, and the child's process id."""
        runtime = self.runtime(launch, **watching)
        events = [event async for event in runtime.start()]
        assert events[-1].event == "swept", events[-1]
        return runtime, pid_of(events)

    @staticmethod
    def request(prompt: str = PROMPT, **more: Any) -> Request:
        return Request(id="r", prompt=prompt, **more)

    async def ask(self, runtime: LlamaRuntime, prompt: str = PROMPT, **more: Any) -> Completed:
        """The end of one answer; fails where there is none."""
        events = [event async for event in runtime.generate(self.request(prompt, **more))]
        return the(Completed, events)


def the(kind: type[E], events: list[Event]) -> E:
    """The only event of its kind."""
    found = [event for event in events if isinstance(event, kind)]
    assert len(found) == 1, events
    return found[0]


def known(value: N | None) -> N:
    """A figure that the engine in the child always has."""
    assert value is not None
    return value


def pid_of(events: list[Event]) -> int:
    return next(event.pid for event in events if event.event == "spawned")


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Waits for a condition, with a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.02)


def is_gone(pid: int | None) -> bool:
    """No such process, or only its entry waiting for somebody to read the exit code."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
