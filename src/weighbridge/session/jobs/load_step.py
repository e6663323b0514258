"""One step of a load test: so many requests at once, each of them a line as soon as it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from weighbridge.domain.load.records import LoadProgress, LoadRequest, LoadStep
from weighbridge.domain.load.requests import RequestFold
from weighbridge.domain.load.step import step_of
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.runtime import Clock, Concurrent
from weighbridge.domain.proof.settings import Request

TELL_EVERY_S = 0.2
"""Between two words of progress, seconds."""


class StepRun:
    """`run()` once; `give_up()` at any time; then `figures()`.

    After the first error, and after the time limit, no further request is begun; those under way are waited for.
    """

    def __init__(
        self,
        load_id: str,
        concurrency: int,
        requests: Sequence[Request],
        runtime: Concurrent,
        clock: Clock,
        until: float,
        keep: Callable[[LoadRequest], None],
    ) -> None:
        """`until`: when no request begins any more, seconds of the clock. `keep` gets each line."""
        self._load_id, self._concurrency, self._planned = load_id, concurrency, len(requests)
        self._left = enumerate(requests, 1)
        self._runtime, self._clock, self._until, self._keep = runtime, clock, until, keep
        self._began = clock()
        self._under_way: dict[int, RequestFold] = {}
        self._lines: list[LoadRequest] = []
        self._pieces = 0
        self._workers: list[asyncio.Task[None]] = []
        self._given_up = False

    @property
    def failed(self) -> bool:
        """Whether a request has failed."""
        return any(line.error for line in self._lines)

    @property
    def closed(self) -> bool:
        """Whether fewer requests were begun than planned, or one failed."""
        return self.failed or len(self._lines) < self._planned

    def figures(self) -> LoadStep:
        return step_of(self._concurrency, self._planned, self._lines)

    async def run(self) -> AsyncGenerator[LoadProgress, None]:
        """Progress until every request has ended. Problem where a line cannot be kept."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        pending = set(self._workers)
        try:
            while pending:
                yield self._progress()
                _, pending = await asyncio.wait(pending, timeout=TELL_EVERY_S)
            for worker in self._workers:
                if not worker.cancelled():
                    worker.result()
        finally:
            await self.give_up()

    async def give_up(self) -> None:
        """Ends what is under way."""
        self._given_up = True
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        """One of the clients: a request, its answer, the next request."""
        while not self._given_up and not self.failed and self._clock() < self._until:
            number, request = next(self._left, (0, None))
            if request is None:
                return
            await self._ask(number, request)

    async def _ask(self, number: int, request: Request) -> None:
        t = self._clock()
        begun = LoadRequest(
            load=self._load_id, concurrency=self._concurrency, number=number, case=request.case, t_start=t, t_end=t
        )
        fold, failure = RequestFold(begun), ""
        self._under_way[number] = fold
        try:
            async with aclosing(self._runtime.answer(request, fold.add)) as events:
                async for event in events:
                    fold.add(event)
        except Problem as problem:
            failure = str(problem)
        finally:
            del self._under_way[number]
            self._pieces += fold.pieces
            line = fold.line(self._clock(), failure, given_up=self._given_up)
            self._lines.append(line)
            self._keep(line)

    def _progress(self) -> LoadProgress:
        return LoadProgress(
            concurrency=self._concurrency,
            planned=self._planned,
            done=len(self._lines),
            errors=sum(bool(line.error) for line in self._lines),
            in_flight=len(self._under_way),
            pieces=self._pieces + sum(fold.pieces for fold in self._under_way.values()),
            seconds=round(self._clock() - self._began, 3),
        )
