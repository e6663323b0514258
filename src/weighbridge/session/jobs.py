"""One job (a proof or an eval): its attempts, its events on disk, its stop.

The child is a guest that may die at any moment. Killed by a signal in default mode, it is tried once more in safe
mode, and the mode that worked is remembered for this machine and build; both attempts stay in the events.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Ended,
    Event,
    Failed,
    Graded,
    JobKind,
    Mode,
    Outcome,
)
from weighbridge.domain.proof.runtime import ENGINE_FAULTS, Launch, Runtime, retry_mode
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.run import Run
from weighbridge.services.atomic import disk_problem
from weighbridge.services.engine.mode_memory import known_mode, remember
from weighbridge.services.store import RunFolder
from weighbridge.session.deps import Deps

Grade = Callable[[Completed, Callable[[], float]], Awaitable[Graded | None]]

ADDRESS_SPACE_SPARE = 8 * 2**30
"""Room above the forecast for the interpreter, libraries and thread stacks, which reserve far more than they use."""


class Job:
    """One life, from the first attempt to `Ended`. `events()` once; `stop()` at any time."""

    def __init__(
        self,
        kind: JobKind,
        run: Run,
        folder: RunFolder,
        deps: Deps,
        requests: Sequence[Request],
        grade: Grade | None = None,
    ) -> None:
        self.kind = kind
        self.id = f"{kind}-{deps.now()}-{secrets.token_hex(2)}"
        self._run, self._folder, self._deps = run, folder, deps
        self._requests, self._grade = requests, grade
        self._runtime: Runtime | None = None
        self._stopping = False
        self._failure: Failed | None = None
        self._faulted = False
        self._zero = deps.monotonic()

    def _clock(self) -> float:
        return round(self._deps.monotonic() - self._zero, 6)

    async def stop(self) -> None:
        """Ends the child within 0.3 s; the stream of events then closes by itself."""
        self._stopping = True
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
        known = known_mode(self._deps.home)
        mode: Mode | None = self._deps.mode or known or "default"
        reason = "first try" if known is None else "remembered: this mode works on this machine and build"
        if self._deps.mode is not None:
            reason = "as in the recipe"
        number = 0
        while mode is not None and not self._stopping:
            number += 1
            self._failure = None
            async for event in self._attempt(number, mode, reason):
                yield event
            if self._failure is None:
                break
            self._faulted = self._failure.signal in ENGINE_FAULTS
            reason = f"retry in safe mode after {self._failure.signal}"
            mode = None if self._stopping else retry_mode(self._failure, mode)
        yield Ended(t=self._clock(), at=self._deps.now(), outcome=self._outcome())

    def _outcome(self) -> Outcome:
        if self._stopping:
            return "stopped"
        return "failed" if self._failure else "completed"

    async def _attempt(self, number: int, mode: Mode, reason: str) -> AsyncGenerator[Event, None]:
        runtime = self._deps.runtime(self._launch(number, mode), self._clock)
        self._runtime = runtime
        yield self._attempt_event(number, mode, reason, runtime)
        async for event in runtime.start():
            self._note(event)
            yield event
        for request in self._requests:
            if self._failure or self._stopping:
                break
            async for event in runtime.generate(request):
                self._note(event)
                yield event
                if isinstance(event, Completed) and not self._stopping:
                    more = await self._judged(event)
                    if more is not None:
                        self._note(more)
                        yield more
        stopped = await runtime.stop()
        if stopped is not None:
            yield stopped
        if not self._failure and not self._stopping and (mode == "default" or self._faulted):
            remember(self._deps.home, mode)

    async def _judged(self, done: Completed) -> Event | None:
        """The mark of a case; for a proof the failure that an answer without a single token is."""
        if self._grade is not None:
            return await self._grade(done, self._clock)
        if done.warmup or done.output_tokens:
            return None
        return Failed(t=self._clock(), kind="refused", phase="prefill", message=_no_answer(done, self._run))

    def _note(self, event: Event) -> None:
        if isinstance(event, Failed):
            self._failure = event

    def _launch(self, number: int, mode: Mode) -> Launch:
        model, forecast = self._run.model, self._run.forecast
        assert model is not None
        need = forecast.total_max_bytes if forecast else 0
        logs = self._folder.folder / "logs"
        try:
            logs.mkdir(exist_ok=True)
        except OSError as error:
            raise disk_problem(logs, error) from error
        return Launch(
            model_path=model.path,
            model_sha256=model.sha256,
            settings=self._run.settings,
            mode=mode,
            log_path=str(logs / f"{log_name(self.id, number)}"),
            address_space_bytes=2 * need + (model.size_bytes or 0) + ADDRESS_SPACE_SPARE,
        )

    def _attempt_event(self, number: int, mode: Mode, reason: str, runtime: Runtime) -> Attempt:
        run = self._run
        assert run.model is not None
        machine = self._deps.machine(self._folder.folder)
        return Attempt(
            t=self._clock(),
            at=self._deps.now(),
            job=self.kind,
            job_id=self.id,
            number=number,
            mode=mode,
            reason=reason,
            runtime=runtime.facts.name,
            version=runtime.facts.version,
            command=prove_command(run),
            model_file=run.model.file_name,
            model_sha256=run.model.sha256,
            settings=run.settings,
            available_bytes=machine.available_bytes,
            load1=machine.load1,
        )


def _no_answer(done: Completed, run: Run) -> str:
    """Why a proof has nothing to show."""
    if done.stop_reason == "context_full":
        return (
            f"The prompt has {done.prompt_tokens:,} tokens and leaves no room in a context of "
            f"{run.settings.n_ctx:,}: raise the context or shorten the prompt."
        )
    return f"The model ended its answer before the first token ({done.stop_reason}): its weights may be damaged."


def log_name(job_id: str, number: int) -> str:
    """File name of the engine's log of one attempt."""
    return f"{job_id.replace(':', '')}-{number}.log"


def prove_command(run: Run) -> tuple[str, ...]:
    """What a colleague types for the same proof. A file is named without its folder, one of the Hub exactly."""
    model, settings = run.model, run.settings
    assert model is not None
    spec = "bundled" if model.kind == "bundled" else model.file_name
    if model.kind == "hub":
        spec = f"{model.repo}@{model.revision}:{model.file_name}"
    quantized = ("--kv-type", settings.kv_type) if settings.kv_type != "f16" else ()
    return (
        "weighbridge",
        "prove",
        spec,
        *("--ctx", str(settings.n_ctx), *_option("--threads", settings.n_threads)),
        *("--batch", str(settings.n_batch), *quantized, "--max-tokens", str(settings.max_tokens)),
        *("--temperature", f"{settings.temperature:g}", "--seed", str(settings.seed)),
        *("--prompt", run.prompt),
        *(("--accept-memory-risk", run.memory_override.reason) if run.memory_override else ()),
    )


def _option(name: str, value: int | None) -> tuple[str, ...]:
    return () if value is None else (name, str(value))


def logs_of(folder: Path) -> dict[str, str]:
    """The engine's logs of a run, by file name."""
    return {p.name: p.read_text(encoding="utf-8", errors="replace") for p in sorted(folder.glob("logs/*.log"))}
