"""LlamaRuntime: the engine's child process as a Runtime, with everything that watches it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from importlib import metadata
from pathlib import Path

from pydantic import ValidationError

from weighbridge.domain.proof.events import (
    EVENT,
    Completed,
    Event,
    Failed,
    FailureKind,
    Heartbeat,
    Spawned,
    Stopped,
    Swept,
)
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.text import clean_line
from weighbridge.services.engine.death import explain, last_line
from weighbridge.services.engine.ending import end, kill
from weighbridge.services.engine.spawn import spawn
from weighbridge.services.engine.watch import Watch
from weighbridge.services.sampling.pace import Pace
from weighbridge.services.sampling.sampler import SAMPLE_INTERVAL_S, Sampler

_END = None
"""What the queue of events holds behind the last one."""


class LlamaRuntime:
    """One life of the engine's child: start, generate one request at a time, stop.

    `silence_s`: a child without a heartbeat for so long is hung. `stuck_s`: so is one that beats but computes
    nothing; generous, because one batch of a big model on one thread takes minutes. An iterator that is left
    before its end, or cancelled, kills the child.
    """

    def __init__(
        self,
        launch: Launch,
        clock: Clock,
        *,
        sample_interval_s: float = SAMPLE_INTERVAL_S,
        silence_s: float = 10.0,
        stuck_s: float = 600.0,
    ) -> None:
        self._launch = launch
        self._clock = clock
        self._interval = sample_interval_s
        self._watch = Watch(silence_s, stuck_s)
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._process: Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[Stopped] | None = None
        self._failure: Failed | None = None
        self._stop_wished = False
        self._starting = asyncio.Lock()

    @property
    def facts(self) -> RuntimeFacts:
        return RuntimeFacts(
            name="llama-cpp-python",
            version=metadata.version("llama-cpp-python"),
            where="child process on this machine",
        )

    async def start(self) -> AsyncIterator[Event]:
        """Spawned, Ready, Loaded, Trial..., Swept; or Failed. Raises OutsideFailed where no process can be started.

        Empty where `stop` came first.
        """
        async with self._starting:
            if self._stop_wished:
                return
            self._process = process = await spawn(self._launch.log_path, others_percent=self._launch.others_percent)
        self._queue.put_nowait(Spawned(t=self._clock(), pid=process.pid))
        self._tasks = [asyncio.create_task(self._read(process)), asyncio.create_task(self._look(process))]
        launch = self._launch.model_dump() | {"model_path": os.path.abspath(self._launch.model_path)}
        zero = time.perf_counter() - self._clock()
        self._send({"launch": launch, "zero": zero, "parent": os.getpid()})
        async for event in self._events(Swept):
            yield event

    async def generate(self, request: Request) -> AsyncIterator[Event]:
        """RequestStarted, Token..., Completed; or Failed; samples in between. Ends at once after a stop."""
        if self._process is None:
            return
        self._watch.ask(self._clock(), request)
        self._send({"do": "generate", "request": request.model_dump()})
        async for event in self._events(Completed):
            yield event

    async def stop(self) -> Stopped | None:
        """Ends the process within 0.3 s. Safe to call twice: there is one shutdown evidence."""
        self._stop_wished = True
        async with self._starting:
            if self._process is None:
                return None
            if self._ending is None:
                self._ending = asyncio.create_task(self._end(self._process))
        return await asyncio.shield(self._ending)

    async def _end(self, process: Process) -> Stopped:
        crashed = self._failure is not None and self._failure.kind == "crash"
        stopped = await end(process, self._clock, crashed=crashed, idle=self._watch.phase == "idle")
        for task in self._tasks[1:]:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        return stopped

    def _send(self, message: dict[str, object]) -> None:
        """One line to the child. A child that is gone shows itself at the other end of the wire."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(message).encode("ascii") + b"\n")

    async def _events(self, last: type[Event]) -> AsyncIterator[Event]:
        """Events up to the first of type `last`, or to Failed, or to the end of the child."""
        finished = False
        try:
            while not finished:
                event = await self._queue.get()
                if event is _END:
                    self._queue.put_nowait(_END)
                finished = event is _END or isinstance(event, (last, Failed))
                if event is not _END:
                    yield event
        finally:
            if not finished and self._ending is None and self._process is not None:
                kill(self._process)

    async def _read(self, process: Process) -> None:
        """Takes every line of the child at once, so that its pipe never fills, until the child is gone."""
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                self._take(line)
        except ValueError as error:
            self._fail("protocol", f"The engine's process wrote a line that is no event: {_shown(error)}.")
            kill(process)
        try:
            code = await process.wait()
            if self._failure is None and self._ending is None:
                self._failure = explain(code, self._watch.phase, self._clock(), self._last_log())
                self._queue.put_nowait(self._failure)
        finally:
            self._queue.put_nowait(_END)

    def _take(self, line: bytes) -> None:
        """One line of the child. Raises ValueError (pydantic's is one) for anything but an event."""
        event = EVENT.validate_json(line)
        self._watch.hear(self._clock(), event)
        if isinstance(event, Failed) and not event.survived:
            self._failure = event
        if not isinstance(event, Heartbeat):
            self._queue.put_nowait(event)

    async def _look(self, process: Process) -> None:
        """Samples the child, and kills it once it hangs."""
        sampler, pace = Sampler(process.pid, self._clock), Pace(self._interval)
        sensors = await asyncio.to_thread(sampler.sensors, self._interval)
        if sensors is not None:
            self._queue.put_nowait(sensors)
        while process.returncode is None:
            if pace.due(self._clock()):
                await self._sample(sampler, process)
            late = self._watch.overdue(self._clock())
            complaint = self._watch.complaint(self._clock())
            if self._failure is None and (said := late or complaint):
                self._fail("time_limit" if late else "hang", said)
                kill(process)
            await asyncio.sleep(self._interval)

    async def _sample(self, sampler: Sampler, process: Process) -> None:
        """One sample. What is costly to read, and seldom asked, is read beside the event loop."""
        if sampler.closer_due():
            await asyncio.to_thread(sampler.look_closer)
        sample = sampler.sample()
        if sample is not None and process.returncode is None:
            self._queue.put_nowait(sample)

    def _fail(self, kind: FailureKind, message: str) -> None:
        t, phase = self._clock(), self._watch.phase
        self._failure = Failed(t=t, kind=kind, phase=phase, message=message, last_log=self._last_log())
        self._queue.put_nowait(self._failure)

    def _last_log(self) -> str:
        folders = (
            os.path.dirname(os.path.abspath(self._launch.model_path)) + os.sep,
            str(Path.home()) + os.sep,
        )
        return last_line(Path(self._launch.log_path), folders)


def _shown(error: ValueError) -> str:
    """What was written instead, as far as one line shows it."""
    wrong = error.errors()[0]["input"] if isinstance(error, ValidationError) else error
    return clean_line(str(wrong), 100)
