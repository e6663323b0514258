"""What the runtimes of all servers share: events through a queue, telemetry beside them, a stop at any moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress

from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.events import Completed, Connected, Event, Failed, Stopped, Token
from weighbridge.domain.proof.runtime import Clock, Tell
from weighbridge.domain.proof.settings import Request
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.telemetry import Telemetry

READ_EVERY_S = 1.0


class ServedRuntime:
    """One life of a connection. A subclass says how to connect, to answer, and what shows the end.

    Its generators raise Problem for whatever fails, and may be cancelled at any moment.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._work: asyncio.Task[None] | None = None
        self._looks: list[asyncio.Task[None]] = []
        self._stopping = self._began = False
        self._ending: asyncio.Task[Stopped] | None = None
        self._phase = "start"

    def _connect(self) -> AsyncGenerator[Event, None]:
        raise NotImplementedError

    def _answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        """`tell` takes what happens between two of the generator's events: RequestStarted, as it is handed over."""
        raise NotImplementedError

    async def _end(self, began: float) -> Stopped:
        """Gives the connection back. `began`: when the stop was wished; it is to take 0.3 s at most."""
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Event]:
        """ServerSample... while it loads, then Connected; or Failed. Empty where `stop` came first."""
        if self._stopping:
            return
        self._began = True
        async for event in self._events(self._connect(), None):
            yield event

    async def generate(self, request: Request) -> AsyncIterator[Event]:
        """RequestStarted, Token..., Completed; or Failed; samples in between. Ends at once after a stop."""
        if self._stopping or not self._began:
            return
        self._phase = "warm-up" if request.warmup else "prefill"
        async for event in self._events(self._answer(request, self.tell), request):
            yield event

    def answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        """As `Concurrent` has it: for many requests at the same time."""
        return self._answer(request, tell)

    async def stop(self) -> Stopped | None:
        """Cancels what is open and gives the evidence, within 0.3 s. None if it never started. Safe to call twice."""
        self._stopping = True
        if not self._began:
            return None
        if self._ending is None:
            self._ending = asyncio.create_task(self._ended())
        return await asyncio.shield(self._ending)

    async def _ended(self) -> Stopped:
        began = self._clock()
        for task in (*self._looks, *([self._work] if self._work else ())):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task
        return await self._end(began)

    def tell(self, event: Event) -> None:
        """An event beside those of the generators, in its place among them."""
        self._note(event)
        self._queue.put_nowait(event)

    def watch(self, telemetry: Sequence[Telemetry]) -> None:
        """Asks each about once a second from here to the stop."""
        self._looks += [asyncio.create_task(self._look(one)) for one in telemetry]

    async def _events(self, source: AsyncGenerator[Event, None], request: Request | None) -> AsyncIterator[Event]:
        """Events of `source` with those of telemetry between them, up to its end."""
        self._work = work = asyncio.create_task(self._pump(source, request))
        try:
            while (event := await self._queue.get()) is not None:
                yield event
        finally:
            work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    async def _pump(self, source: AsyncGenerator[Event, None], request: Request | None) -> None:
        try:
            async with aclosing(source):
                async for event in source:
                    self.tell(event)
        except Problem as problem:
            self._queue.put_nowait(self._failed(problem, request))
        finally:
            self._queue.put_nowait(None)

    def _note(self, event: Event) -> None:
        if isinstance(event, Token) and self._phase == "prefill":
            self._phase = "decode"
        elif isinstance(event, Completed | Connected):
            self._phase = "idle"

    def _failed(self, problem: Problem, request: Request | None) -> Failed:
        """One case that the server refuses is that case's result; anything else says nothing of the model."""
        refused = isinstance(problem, EndpointProblem) and problem.kind == "rejected"
        return Failed(
            t=self._clock(),
            kind="refused" if refused else "outside",
            phase=self._phase,
            message=f"{problem} {problem.hint}".strip(),
            survived=refused and request is not None and bool(request.case),
        )

    async def _look(self, telemetry: Telemetry) -> None:
        while True:
            event = await telemetry.read()
            if event is not None:
                self._queue.put_nowait(event)
            await asyncio.sleep(READ_EVERY_S)
