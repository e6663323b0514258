"""A runtime that follows a script: it speaks the real protocol, and can misbehave where the real engine would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from weighbridge.domain.model.hparams import hyper_parameters
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.events import (
    Completed,
    Conditions,
    Event,
    Failed,
    Loaded,
    Mode,
    Prefilled,
    Ready,
    RequestStarted,
    Sample,
    Spawned,
    Stopped,
    Swept,
    Token,
)
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts
from weighbridge.domain.proof.settings import Request
from weighbridge.services.model_file import inspect_file
from weighbridge.session.deps import utc_now

MIB = 2**20
Answer = Callable[[Request], str]


def crash(t: float, phase: str = "warm-up", signal: str = "SIGSEGV") -> Failed:
    return Failed(t=t, kind="crash", phase=phase, message=f"The engine died ({signal}).", signal=signal, exit_code=-11)


async def quiet(when: Literal["before", "after"], clock: Clock) -> Conditions:
    """A machine with nothing else to do, read in no time."""
    return Conditions(t=clock(), when=when, window_s=0.3, load1=0.1, others_percent=2.0, steal_percent=0.0)


@cache
def model_of(path: str) -> tuple[int, int]:
    """Weights and trained context that an engine would report of a file; the bundled model's where there is none."""
    try:
        header = inspect_file(path)[1]
        return header.n_params, hyper_parameters(header).n_ctx_train
    except Problem:
        return 134_515_008, 8_192


@dataclass
class Script:
    """What the scripted runtimes of one test do. `launches` records how each was started."""

    answer: Answer = lambda request: f"An answer to {request.id}."
    crash_in_default_mode: str | None = None
    """Signal that kills a child in default mode at its first request."""
    crash_in_safe_mode: str | None = None
    fails: Callable[[Request, Mode], Failed | None] = lambda request, mode: None
    """What the engine does in place of an answer."""
    late: Callable[[Request], bool] = lambda request: False
    """Answers that are at their time limit after the first word."""
    refuse_load: str | None = None
    silent: bool = False
    """Prompts that are no warm-up are answered without a token."""
    overlong: bool = False
    """Prompts that are no warm-up leave no room in the context."""
    padded: int = 0
    """The engine makes no smaller context."""
    chat_template: str | None = "0" * 64
    """Digest of the file's template."""
    pause_before_token: asyncio.Event | None = None
    """Tokens of requests that are no warm-up wait for it."""
    sweep: tuple[int, int] | None = None
    """Threads for decode and prefill that a sweep finds; None: there is one usable core."""
    launches: list[Launch] = field(default_factory=list)
    alive: int = 0

    def factory(self, launch: Launch, clock: Clock) -> ScriptedRuntime:
        self.launches.append(launch)
        return ScriptedRuntime(self, launch, clock)


class ScriptedRuntime:
    """One life, as the `Runtime` protocol asks for."""

    def __init__(self, script: Script, launch: Launch, clock: Clock) -> None:
        self._script, self._launch, self._clock = script, launch, clock
        self._stop = asyncio.Event()
        self._evidence: Stopped | None = None
        self._started = False
        self._crashed = False

    @property
    def facts(self) -> RuntimeFacts:
        return RuntimeFacts(name="llama-cpp-python", version="0.3.36", where="child process on this machine")

    async def start(self) -> AsyncIterator[Event]:
        self._started = True
        self._script.alive += 1
        yield Spawned(t=self._clock(), pid=4242)
        yield Ready(
            t=self._clock(),
            engine="llama-cpp-python 0.3.36",
            system_info="CPU : AVX2 = 1 |",
            python="3.11.7",
            baseline_rss_bytes=47 * MIB,
        )
        if self._script.refuse_load:
            yield Failed(t=self._clock(), kind="refused", phase="load", message=self._script.refuse_load)
            return
        yield self._loaded()
        yield self._swept()
        yield self._sample()

    def _loaded(self) -> Loaded:
        settings, (n_params, n_ctx_train) = self._launch.settings, model_of(self._launch.model_path)
        return Loaded(
            t=self._clock(), load_s=0.1, description="llama 135M Q4_1", weights_bytes=96 * MIB,
            n_params=n_params, n_vocab=49_152, n_ctx_train=n_ctx_train, n_ctx=max(settings.n_ctx, self._script.padded),
            n_batch=settings.n_batch, n_ubatch=min(settings.n_batch, settings.n_ubatch),
            n_threads=settings.n_threads or 1, n_threads_batch=settings.n_threads_batch or settings.n_threads or 1,
            model_buffer_bytes=92 * MIB,
            kv_buffer_bytes=45 * MIB, compute_buffer_bytes=98 * MIB, output_buffer_bytes=196_608,
            repack_buffer_bytes=None, flash_attn="disabled", type_k="f16", type_v="f16",
            use_extra_bufts=self._launch.mode == "default", load_mode="mmap",
            chat_template_sha256=self._script.chat_template,
            omp_spin_count="1000",
        )  # fmt: skip

    def _swept(self) -> Swept:
        """As the child settles its threads: fixed, remembered, measured, or one thread for want of a second core."""
        settings, known, found, t = self._launch.settings, self._launch.threads, self._script.sweep, self._clock()
        if settings.n_threads is not None:
            batch = settings.n_threads_batch or settings.n_threads
            return Swept(t=t, how="fixed", n_threads=settings.n_threads, n_threads_batch=batch, reason="Fixed.")
        if known is not None:
            return known.model_copy(update={"t": t})
        if found is not None:
            at, (n, batch) = utc_now(), found
            return Swept(
                t=t, how="measured", n_threads=n, n_threads_batch=batch, reason="Measured.", at=at, seconds=1.2
            )
        batch = settings.n_threads_batch or 1
        return Swept(t=t, how="fallback", n_threads=1, n_threads_batch=batch, reason="There is one usable core.")

    def _sample(self) -> Sample:
        return Sample(
            t=self._clock(), rss_bytes=190 * MIB, rss_anon_bytes=75 * MIB, rss_file_bytes=115 * MIB,
            peak_rss_bytes=200 * MIB, cpu_percent=99.0, machine_percent=55.0, load1=0.8, involuntary_switches=12,
        )  # fmt: skip

    def _death(self) -> Failed | None:
        """How the child dies at any request in its mode, if it does."""
        default = self._launch.mode == "default"
        signal = self._script.crash_in_default_mode if default else self._script.crash_in_safe_mode
        return crash(self._clock(), signal=signal) if signal else None

    async def generate(self, request: Request) -> AsyncIterator[Event]:
        failed = self._script.fails(request, self._launch.mode)
        if failed is not None and failed.survived:
            yield failed.model_copy(update={"t": self._clock()})
            return
        yield RequestStarted(
            t=self._clock(), request=request.id, case=request.case, warmup=request.warmup, prompt=request.prompt,
            repeat=request.repeat, prompt_tokens=12, time_limit_s=request.time_limit_s,
        )  # fmt: skip
        died = failed or self._death()
        if died is not None:
            self._crashed = True
            yield died.model_copy(update={"t": self._clock()})
            return
        yield Prefilled(t=self._clock(), request=request.id, prompt_tokens=12, prefill_s=0.2)
        full = self._script.overlong and not request.warmup
        silent = full or (self._script.silent and not request.warmup)
        late = self._script.late(request)
        words = [] if silent else self._script.answer(request).split(" ")[: 1 if late else None]
        said: list[str] = []
        for index, word in enumerate(words):
            await self._gate(request)
            if self._stop.is_set():
                return
            text = word if index == 0 else f" {word}"
            said.append(text)
            yield Token(t=self._clock(), request=request.id, index=index, text=text)
            yield self._sample()
        yield Completed(
            t=self._clock(), request=request.id, case=request.case, warmup=request.warmup, output="".join(said),
            repeat=request.repeat, prompt_tokens=12,
            stop_reason="context_full" if full else "time_limit" if late else "eos",
            output_tokens=len(words), prefill_s=0.2, engine_prompt_ms=200.0,
            engine_prompt_tokens=12, engine_decode_ms=100.0, engine_decode_tokens=len(words),
        )  # fmt: skip

    async def _gate(self, request: Request) -> None:
        """Waits for the test's go, or for the stop, whichever comes first."""
        go = self._script.pause_before_token
        if go is None or request.warmup:
            await asyncio.sleep(0)
            return
        waits = [asyncio.ensure_future(go.wait()), asyncio.ensure_future(self._stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def stop(self) -> Stopped | None:
        self._stop.set()
        if not self._started:
            return None
        if self._evidence is None:
            self._script.alive -= 1
            self._evidence = Stopped(
                t=self._clock(), pid=4242, how="crashed" if self._crashed else "unloaded", seconds=0.01,
                exit_code=-11 if self._crashed else 0, signal="SIGSEGV" if self._crashed else None, gone=True,
            )  # fmt: skip
        return self._evidence
