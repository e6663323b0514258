"""TransformersRuntime: `transformers serve` of the person's environment, started here, asked like any server, ended."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

from weighbridge.domain.proof.events import Connected, Event, Failed, Spawned, Stopped
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts, Tell
from weighbridge.domain.proof.settings import Request
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.deadline import PATIENT, Limits
from weighbridge.services.endpoint.local_server import LocalProcess
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.served import ServedRuntime
from weighbridge.services.endpoint.transformers import serve
from weighbridge.services.endpoint.transformers.folder import require_unchanged
from weighbridge.services.endpoint.transformers.started import HOST, StartedServer
from weighbridge.services.engine.death import last_line

READY_S = 900.0
"""How long a server may take until it listens: a folder of many gigabytes is read first."""
ASK_EVERY_S = 0.25
DEATH_S = 1.0
"""How long the system may take to tell that a process, which just failed to answer, has ended."""


class TransformersRuntime(ServedRuntime):
    """One life of a server of our own. A repository of the Hub is downloaded by it first, within the launch's limit."""

    def __init__(self, launch: Launch, clock: Clock, *, limits: Limits = PATIENT, ready_s: float = READY_S) -> None:
        super().__init__(clock)
        assert launch.target is not None
        self._launch, self._target, self._limits = launch, launch.target, limits
        self._ready_s = ready_s if launch.model_path else max(ready_s, launch.time_limit_s)
        self._server: StartedServer | None = None
        self._inner: OpenAIRuntime | None = None
        self._place = ""

    @property
    def facts(self) -> RuntimeFacts:
        return RuntimeFacts(
            name="transformers serve",
            version=serve.versions().get("transformers", ""),
            where="server process on this machine",
        )

    async def _connect(self) -> AsyncGenerator[Event, None]:
        self._place = await asyncio.to_thread(tempfile.mkdtemp, prefix="weighbridge-serve-")
        launch = self._launch
        if launch.model_path:
            await asyncio.to_thread(require_unchanged, Path(launch.model_path), self._target.model, launch.model_sha256)
        self._server = server = await serve.start_serving(
            self._target.model, launch.model_path, Path(self._place), launch.log_path, launch.settings.n_threads
        )
        self._phase, began = "load", self._clock()
        yield Spawned(t=began, pid=server.pid)
        self.watch((LocalProcess(server.pid, "transformers", self._clock),))
        base_url = f"http://{HOST}:{server.port}/v1"
        await self._until_ready(base_url)
        waited = self._clock() - began
        target = self._target.model_copy(update={"base_url": base_url})
        self._inner = OpenAIRuntime(
            launch.model_copy(update={"target": target}), self._clock, telemetry=(), limits=self._limits
        )
        async for event in self._inner.start():
            yield self._ours(event, waited) if isinstance(event, Connected) else await self._explained(event)

    async def _until_ready(self, base_url: str) -> None:
        """Waits for /health. EndpointProblem where the server ends by itself, or does not listen in time."""
        assert self._server is not None
        async with Client(base_url) as client:
            try:
                async with asyncio.timeout(self._ready_s):
                    while not await _healthy(client):
                        if self._server.died:
                            raise EndpointProblem("server_error", self._death("before it listened"), serve.INSTALL)
                        await asyncio.sleep(ASK_EVERY_S)
            except TimeoutError:
                told = f"transformers serve did not listen within {self._ready_s:.0f} s"
                raise EndpointProblem("loading", f"{told}{self._said()}", "Its log says how far it came.") from None

    def _ours(self, told: Connected, waited_s: float) -> Connected:
        """What is known of a server that we started ourselves, over what it tells."""
        assert self._server is not None
        run = serve.command("transformers", self._target.model, self._server.port)
        facts = told.facts | {"command": " ".join(run)} | serve.versions()
        version = told.version or facts.get("transformers", "")
        return told.model_copy(
            update={
                "version": version,
                "waited_s": round(waited_s, 3),
                "pid": self._server.pid,
                "facts": facts,
                "missing": {name: why for name, why in told.missing.items() if name != "version" or not version},
            }
        )

    def answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        assert self._inner is not None, "it was not started"
        return self._inner.answer(request, tell)

    async def _answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        if self._inner is None:
            return
        async for event in self._inner.generate(request):
            yield await self._explained(event)

    async def _explained(self, event: Event) -> Event:
        """A failure of a server that has ended is the end of it: on this machine that is a result."""
        if not isinstance(event, Failed) or self._server is None or not await self._server.ended(DEATH_S):
            return event
        return event.model_copy(
            update={
                "kind": "crash",
                "message": self._death(f"during {event.phase}"),
                "signal": self._server.signal,
                "exit_code": self._server.process.returncode,
                "last_log": self._last_line(),
                "survived": False,
            }
        )

    def _death(self, when: str) -> str:
        assert self._server is not None
        return f"transformers serve ended {when} ({self._server.died}){self._said()}"

    def _said(self) -> str:
        line = self._last_line()
        return f"; its last word: {line}" if line else "."

    def _last_line(self) -> str:
        folders = (f"{self._place}/", f"{Path(self._launch.model_path).parent}/", f"{Path.home()}/")
        return last_line(Path(self._launch.log_path), folders)

    async def _end(self, began: float) -> Stopped:
        if self._inner is not None:
            await self._inner.stop()
        try:
            if self._server is None:
                told = ("No server was started.",)
                return Stopped(t=self._clock(), pid=None, how="left_running", seconds=0.0, gone=True, evidence=told)
            return await self._server.stop(self._clock)
        finally:
            if self._place:
                await asyncio.to_thread(shutil.rmtree, self._place, ignore_errors=True)


async def _healthy(client: Client) -> bool:
    try:
        await client.text("/health")
    except EndpointProblem:
        return False
    return True
