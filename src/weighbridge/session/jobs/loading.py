"""A load test: the cases of the run at several requests at once, step by step, until the first errors.

It knows a server as a `Runtime`: an endpoint, Ollama, Transformers or a rented GPU alike, which answer many requests
at the same time (`Concurrent`). The child on this machine gives but one answer at a time.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.load import ramp
from weighbridge.domain.load.records import LoadEnd, LoadProgress, LoadRecord, LoadStep
from weighbridge.domain.problems import BadInput, OutsideFailed, Problem, Refused
from weighbridge.domain.proof.events import Connected, Failed
from weighbridge.domain.proof.runtime import Concurrent
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.run import Run
from weighbridge.services.runs.load_lines import LoadLines
from weighbridge.session.jobs.job import log_name
from weighbridge.session.jobs.launching import launch_of
from weighbridge.session.jobs.load_step import StepRun
from weighbridge.session.jobs.proving import WARM_UP

if TYPE_CHECKING:
    from weighbridge.session.session import Session

TIME_LIMIT_S = 1800.0
"""Of the whole load test: it must end, however slow the server is."""
REQUEST_LIMIT_S = 300.0
"""Of one answer, where neither case nor policy has a limit."""

NO_SERVER = (
    "The child on this machine answers one request at a time: there is no load to measure.",
    "Choose a model that a server answers for: https://host/v1#name, ollama:NAME or transformers:FOLDER.",
)
"""What is wrong where there is no server, and the way out."""


async def load(
    session: Session,
    concurrency: Sequence[int] = ramp.LADDER,
    requests: int | None = None,
    time_limit_s: float = TIME_LIMIT_S,
) -> AsyncGenerator[LoadStep | LoadProgress, None]:
    """Each concurrency in turn: progress while it runs, then its step. `Run.load` holds every step that is over.

    `requests`: a step, by default each case equally often (see ramp.requests_of). `session.stop()` ends it and keeps
    what was answered. Refused or BadInput where it cannot begin, OutsideFailed where the server or the disk fails
    before the first step; errors within a step are its result.
    """
    rungs = ramp.checked(concurrency)
    run = session.run
    if run.target is None:
        raise Refused(*NO_SERVER)
    await session.check_can_run()
    if run.pack is None:
        raise BadInput("There are no cases to ask.", "Choose a pack of cases.")
    counts = [ramp.requests_of(rung, len(run.pack.active), requests) for rung in rungs]
    job = session.job = Load(session, dict(zip(rungs, counts, strict=True)), time_limit_s)
    try:
        async with aclosing(job.steps()) as steps:
            async for step in steps:
                yield step
    finally:
        session.job = None


class Load:
    """One load test. `steps()` once; `stop()` at any time. `plan`: requests of each concurrency."""

    name = "load test"

    def __init__(self, session: Session, plan: dict[int, int], time_limit_s: float) -> None:
        run, deps = session.run, session.deps
        assert run.target is not None and run.pack is not None
        self._session, self._plan = session, plan
        self._zero = deps.monotonic()
        self._limit_s = time_limit_s
        self._runtime: Concurrent | None = None
        self._step: StepRun | None = None
        self._lines: LoadLines | None = None
        self._stopping = self._over = False
        self._ending = asyncio.Lock()
        self._ended: LoadEnd = "stopped"
        self._record = LoadRecord(
            id=f"load-{deps.now()}-{secrets.token_hex(2)}",
            at=deps.now(),
            inputs=inputs_digest(run, "eval"),
            target=run.target,
            cases_digest=run.pack.digest,
            ladder=tuple(plan),
            max_tokens=run.settings.max_tokens,
        )

    @property
    def id(self) -> str:
        """Of its record and its lines."""
        return self._record.id

    def _clock(self) -> float:
        return round(self._session.deps.monotonic() - self._zero, 6)

    async def steps(self) -> AsyncGenerator[LoadStep | LoadProgress, None]:
        """However it ends, nothing of it runs any more then, and the run says how it ended."""
        try:
            async with aclosing(self._all()) as shown:
                async for one in shown:
                    yield one
        except Problem as problem:
            if not self._stopping:
                self._ended = "failed"
                self._record = self._record.model_copy(update={"message": str(problem)})
                raise
        finally:
            await self._end()

    async def stop(self) -> None:
        """Gives up what is under way, within 0.3 s, and keeps the rest."""
        self._stopping = True
        await self._end()

    async def _end(self) -> None:
        """Whoever asks for the end, the stop or the steps themselves, has the whole of it behind him."""
        async with self._ending:
            if self._over:
                return
            self._over = True
            if self._step is not None:
                await self._step.give_up()
                self._keep(self._step)
            stopped = await self._runtime.stop() if self._runtime is not None else None
            if self._lines is not None:
                self._lines.close()
            self._save(ended=self._ended, shutdown=shutdown_text(stopped))

    async def _all(self) -> AsyncGenerator[LoadStep | LoadProgress, None]:
        first = next(iter(self._plan))
        yield LoadProgress(concurrency=first, planned=self._plan[first], phase="connecting")
        if self._stopping:
            return
        runtime = await self._connected()
        yield LoadProgress(concurrency=first, planned=self._plan[first], phase="warm-up")
        if not self._stopping:
            await self._warmed(runtime)
        if self._stopping:
            return
        self._lines = LoadLines(self._session.folder)
        for concurrency, count in self._plan.items():
            if self._clock() > self._limit_s:
                break
            step = self._step = self._step_of(runtime, self._lines, concurrency, count)
            async with aclosing(step.run()) as progress:
                async for one in progress:
                    yield one
            if self._stopping:
                return
            if step.closed:
                self._ended = "errors" if step.failed else "time_limit"
            yield self._keep(step)
            if step.closed or self._stopping:
                return
        self._ended = "through" if len(self._record.steps) == len(self._plan) else "time_limit"

    async def _connected(self) -> Concurrent:
        """The server answers. OutsideFailed where it does not."""
        session, run = self._session, self._session.run
        machine = session.deps.machine(session.folder)
        log = session.folder / "logs" / log_name(self._record.id, 1)
        launch = launch_of(run, self._requests(run), session.deps, "default", machine, None, log)
        # Whatever answers for a target does so for many requests at once.
        runtime = self._runtime = cast(Concurrent, session.deps.runtime(launch, self._clock))
        async for event in runtime.start():
            if isinstance(event, Connected):
                self._record = self._record.model_copy(update={"connected": event})
            elif isinstance(event, Failed):
                raise OutsideFailed(event.message)
        return runtime

    async def _warmed(self, runtime: Concurrent) -> None:
        """The first answer loads and compiles what later ones find ready. OutsideFailed where there is none."""
        async for event in runtime.generate(WARM_UP):
            if isinstance(event, Failed):
                raise OutsideFailed(f"The warm-up failed: {event.message}")

    def _step_of(self, runtime: Concurrent, lines: LoadLines, concurrency: int, count: int) -> StepRun:
        cases = self._requests(self._session.run)
        asked = [cases[at % len(cases)].model_copy(update={"id": f"c{concurrency}-{at + 1}"}) for at in range(count)]
        until = self._limit_s
        return StepRun(self._record.id, concurrency, asked, runtime, self._clock, until, lines.append)

    @staticmethod
    def _requests(run: Run) -> list[Request]:
        """Every case once. None keeps a beginning of the one before: what a server holds by itself is counted."""
        assert run.pack is not None
        limit = (run.policy.time_limit_s if run.policy else None) or REQUEST_LIMIT_S
        return [
            Request(
                id=case.id,
                prompt=case.full_prompt,
                messages=case.conversation,
                case=case.id,
                max_tokens=case.max_tokens,
                time_limit_s=case.time_limit_s or limit,
                under_load=True,
            )
            for case in run.pack.active
        ]

    def _keep(self, step: StepRun) -> LoadStep:
        """The figures of a step, in the record; one without a single answer or error says nothing, and is left out."""
        made, self._step = step.figures(), None
        if made.requests or made.errors:
            self._record = self._record.model_copy(update={"steps": (*self._record.steps, made)})
            self._save(ended="running")
        return made

    def _save(self, **changes: object) -> None:
        """Puts the record in the run. One without a step takes the place of none that has some."""
        self._record = self._record.model_copy(update=changes)
        run = self._session.run
        if self._record.steps or run.load is None or run.load.id == self._record.id:
            self._session.keep(run.model_copy(update={"load": self._record}))
