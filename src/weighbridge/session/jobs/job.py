"""One job (a proof or an eval): its attempts, its events on disk, its stop.

The child is a guest that may die at any moment. Killed by a signal in default mode, it is tried once more in safe
mode, and the mode that worked is remembered for this machine and build; both attempts stay in the events. Where it
dies once more within a case of an eval, that is the result of the case, and another child goes on with the next.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Literal

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Conditions,
    Connected,
    Ended,
    Event,
    Failed,
    FailureKind,
    JobKind,
    Loaded,
    Mode,
    Outcome,
    Swept,
)
from weighbridge.domain.proof.runtime import ENGINE_FAULTS, Launch, Runtime, retry_mode
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.run import Run
from weighbridge.services.engine.mode_memory import known_mode, remember
from weighbridge.services.engine.thread_memory import remember_threads
from weighbridge.services.runs.store import RunFolder
from weighbridge.session.deps import Deps
from weighbridge.session.jobs.grading import Grading
from weighbridge.session.jobs.launching import attempt_facts, launch_of


class Job:
    """One life, from the first attempt to `Ended`. `events()` once; `stop()` at any time."""

    def __init__(
        self,
        kind: JobKind,
        run: Run,
        folder: RunFolder,
        deps: Deps,
        requests: Sequence[Request],
        grading: Grading | None = None,
        mode: Mode | None = None,
    ) -> None:
        """`mode`: that of results which this job adds to; None: the one that is known to work."""
        self.kind = kind
        self.name: str = kind
        """What a person calls it."""
        self.n_ctx = run.settings.n_ctx
        """Context in tokens: as wished, and from `Loaded` on as the engine made it."""
        self._server_limit: int | None = None
        """Tokens that the server takes at most, where it told that."""
        self.id = f"{kind}-{deps.now()}-{secrets.token_hex(2)}"
        self._run, self._folder, self._deps = run, folder, deps
        self._requests, self._grading, self._goes_on = tuple(requests), grading, mode
        self._runtime: Runtime | None = None
        self._stop_wish = asyncio.Event()
        self._failure: Failed | None = None
        self._failed_case = ""
        """The case that got its result by the failure, if one did."""
        self._faulted = self._finished = False
        self._zero = deps.monotonic()

    @property
    def _stopping(self) -> bool:
        return self._stop_wish.is_set()

    def _clock(self) -> float:
        return round(self._deps.monotonic() - self._zero, 6)

    async def stop(self) -> None:
        """Ends the child within 0.3 s; the stream of events then closes by itself."""
        self._stop_wish.set()
        if self._runtime is not None:
            await self._runtime.stop()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Every event of the job, each on disk before it is yielded."""
        try:
            async for event in self._all():
                self._folder.append(event)
                yield event
        finally:
            if self._runtime is not None:
                await self._runtime.stop()

    async def _all(self) -> AsyncGenerator[Event, None]:
        mode, reason = self._first()
        number = 0
        while mode is not None and not self._stopping:
            number += 1
            self._failure, self._failed_case = None, ""
            async for event in self._attempt(number, mode, reason):
                yield event
            mode, reason = self._next(mode)
        yield Ended(t=self._clock(), at=self._deps.now(), outcome=self._outcome())

    def _first(self) -> tuple[Mode | None, str]:
        """Mode of the first attempt and the reason for it."""
        if self._deps.mode is not None:
            return self._deps.mode, "as in the recipe"
        if self._goes_on is not None:
            return self._goes_on, "goes on in the mode of the results so far"
        if self._run.target is not None:
            return "default", "first try"
        known = known_mode(self._deps.home)
        return known or "default", "remembered: this mode works on this machine and build" if known else "first try"

    def _next(self, mode: Mode) -> tuple[Mode | None, str]:
        """Mode of the next attempt and the reason for it; None where the job is over."""
        failure = self._failure
        if failure is None:
            return None, ""
        self._faulted = failure.signal in ENGINE_FAULTS
        how = failure.signal or failure.kind
        if self._failed_case and self._grading is not None:
            self._finished = self._grading.is_over(self._requests)
            return (None, "") if self._finished else (mode, f"goes on after {how} in the case {self._failed_case}")
        if self._grading is not None:
            self._grading.begin_anew()
        return self._retry(failure, mode), f"retry in safe mode after {how}"

    def _retry(self, failure: Failed, mode: Mode) -> Mode | None:
        """Modes are of the child on this machine: a server has none, and is not asked a second time."""
        return None if self._run.target is not None else retry_mode(failure, mode)

    def _outcome(self) -> Outcome:
        """A stop that comes when all is answered, and only the machine is looked at, takes nothing back."""
        if self._finished:
            return "completed"
        return "stopped" if self._stopping else "failed"

    async def _attempt(self, number: int, mode: Mode, reason: str) -> AsyncGenerator[Event, None]:
        began = self._clock()
        before = await self._conditions("before")
        machine = self._deps.machine(self._folder.folder)
        log = self._folder.folder / "logs" / log_name(self.id, number)
        launch = launch_of(self._run, self._requests, self._deps, mode, machine, before, log)
        runtime = self._deps.runtime(launch, self._clock)
        self._runtime = runtime
        yield Attempt(
            t=began,
            at=self._deps.now(),
            job=self.kind,
            job_id=self.id,
            number=number,
            reason=reason,
            **attempt_facts(self._run, launch, machine, runtime.facts),
        )
        if before is not None:
            yield before
        async for event in self._work(launch, runtime):
            self._note(event)
            yield event
        stopped = await runtime.stop()
        self._finished = not self._failure and not self._stopping
        if self._finished and launch.target is None and (mode == "default" or self._faulted):
            remember(self._deps.home, mode)
        if stopped is not None:
            yield stopped
            after = await self._conditions("after")
            if after is not None:
                yield after

    async def _work(self, launch: Launch, runtime: Runtime) -> AsyncGenerator[Event, None]:
        """The start and every request, as far as it gets."""
        if self._stopping:
            return
        async for event in runtime.start():
            yield event
            if isinstance(event, Swept) and event.how == "measured":
                remember_threads(self._deps.home, launch, event)
        for request in self._requests:
            if self._failure or self._stopping:
                return
            if self._grading is not None and not self._grading.is_due(request):
                continue
            async for event in runtime.generate(request):
                yield event
                more = None if self._stopping else await self._told(event, request, launch.mode)
                if more is not None:
                    yield more

    async def _conditions(self, when: Literal["before", "after"]) -> Conditions | None:
        """A reading of the machine takes a moment; None once a stop is wished, which does not wait for it."""
        reading = asyncio.ensure_future(self._deps.conditions(when, self._clock))
        wish = asyncio.ensure_future(self._stop_wish.wait())
        try:
            await asyncio.wait((reading, wish), return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else None
        finally:
            reading.cancel()
            wish.cancel()

    async def _told(self, event: Event, request: Request, mode: Mode) -> Event | None:
        """What follows from an event of a request: the mark of a case, whole or failed; the failure of a proof."""
        if isinstance(event, Completed):
            if self._grading is not None:
                return await self._grading.mark(request, event, self._clock, self._lack(event, request))
            return self._without_answer(event, request)
        if self._grading is None or not isinstance(event, Failed) or self._retry(event, mode) is not None:
            return None
        mark = self._grading.failure(request, event, self._clock)
        if mark is not None and not event.survived:
            self._failed_case = request.case
        return mark

    def _lack(self, done: Completed, request: Request) -> str:
        """Why an answer has no text, if it has none."""
        if done.stop_reason == "context_full" and self._run.target is not None:
            return _too_long_for_the_server(done, self._server_limit)
        return no_answer(done, self.n_ctx, request.max_tokens or self._run.settings.max_tokens)

    def _without_answer(self, done: Completed, request: Request) -> Failed | None:
        """For a proof, an answer without a single token is a failure."""
        if done.warmup or done.answered:
            return None
        kind: FailureKind = "input" if done.stop_reason == "context_full" else "refused"
        phase = "prefill" if kind == "input" else "decode"
        return Failed(t=self._clock(), kind=kind, phase=phase, message=self._lack(done, request))

    def _note(self, event: Event) -> None:
        if isinstance(event, Failed) and not event.survived:
            self._failure = event
        elif isinstance(event, Loaded):
            self.n_ctx = event.n_ctx
        elif isinstance(event, Connected):
            self._server_limit = event.max_model_len


def _too_long_for_the_server(done: Completed, limit: int | None) -> str:
    """`limit`: tokens that the server takes at most, where it tells that."""
    size = "" if done.prompt_tokens is None else f" of {done.prompt_tokens:,} tokens"
    told = f", which takes {limit:,} of prompt and answer together" if limit else ""
    return (
        f"The prompt{size} leaves no room in the context of the server{told}: shorten the prompt, or have the server "
        "started with a longer context."
    )


def no_answer(done: Completed, n_ctx: int, most: int) -> str:
    """Why an answer has no text. `n_ctx`: the context as the engine made it; `most`: tokens that it may have."""
    if done.stop_reason == "context_full":
        return (
            f"The prompt has {done.prompt_tokens or 0:,} tokens and leaves no room in a context of "
            f"{n_ctx:,}: raise the context or shorten the prompt."
        )
    if done.only_thought:
        return f"The model only thought within its {most:,} tokens, and gave no answer: raise --max-tokens."
    return (
        f"The model ended its answer before its first token ({done.stop_reason}): ask another way, or the weights may "
        "be damaged."
    )


def log_name(job_id: str, number: int) -> str:
    """File name of the engine's log of one attempt."""
    return f"{job_id.replace(':', '')}-{number}.log"


def logs_of(folder: Path) -> dict[str, str]:
    """The engine's logs of a run, by file name."""
    return {p.name: p.read_text(encoding="utf-8", errors="replace") for p in sorted(folder.glob("logs/*.log"))}
