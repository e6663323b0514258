"""OpenAIRuntime: a server with an OpenAI-compatible API that somebody else started, as a Runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

from weighbridge.domain.proof.events import Connected, Event, Spawned, Stopped
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts, Tell
from weighbridge.domain.proof.settings import Request
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.answer import Asked
from weighbridge.services.endpoint.answering import answered
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.deadline import PATIENT, Limits
from weighbridge.services.endpoint.local_server import LocalProcess, local_process
from weighbridge.services.endpoint.metrics import ServerMetrics
from weighbridge.services.endpoint.openai.chat import chat
from weighbridge.services.endpoint.openai.choice import names
from weighbridge.services.endpoint.openai.waiting import Patience, models_of, until_ready
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.served import ServedRuntime
from weighbridge.services.endpoint.server_facts import LOADS_ANY, Listed, ServerFacts, find, read_facts
from weighbridge.services.endpoint.telemetry import Telemetry

EVIDENCE_S = 0.15
"""How long the server has to answer once more after the end."""


class OpenAIRuntime(ServedRuntime):
    """`telemetry` None: found by itself, the process where it listens on this machine, and /metrics."""

    def __init__(
        self,
        launch: Launch,
        clock: Clock,
        telemetry: Sequence[Telemetry] | None = None,
        *,
        patience: Patience = Patience(),  # noqa: B008  immutable
        limits: Limits = PATIENT,
    ) -> None:
        super().__init__(clock)
        assert launch.target is not None
        self._launch, self._target = launch, launch.target
        self._telemetry, self._patience, self._limits = telemetry, patience, limits
        self._client = Client(self._target.base_url, clock)
        self._engine = self._target.engine
        self._process: LocalProcess | None = None

    @property
    def facts(self) -> RuntimeFacts:
        return RuntimeFacts(name="OpenAI-compatible API", version="", where=self._target.base_url)

    async def _connect(self) -> AsyncGenerator[Event, None]:
        began = self._clock()
        models: tuple[Listed, ...] = ()
        async with aclosing(until_ready(self._client, self._clock, self._patience)) as waiting:
            async for told in waiting:
                if isinstance(told, tuple):
                    models = told
                else:
                    yield told
        waited = self._clock() - began
        found = await read_facts(self._client, models, self._target.model)
        self._engine = found.engine or self._engine
        self._require_model(models, found)
        if self._telemetry is None:
            self._process = await asyncio.to_thread(local_process, self._target.base_url, self._clock)
        if self._process is not None:
            yield Spawned(t=self._clock(), pid=self._process.pid)
        yield self._connected(found, waited)
        self.watch(self._found_telemetry() if self._telemetry is None else self._telemetry)

    def _require_model(self, models: tuple[Listed, ...], found: ServerFacts) -> None:
        """EndpointProblem where the server answers for other models only: some would take any name, and mean theirs."""
        if models and find(models, self._target.model) is None and self._engine not in LOADS_ANY:
            raise no_such_model(self._client.host, self._target.model, found.models)

    def _connected(self, found: ServerFacts, waited_s: float) -> Connected:
        return Connected(
            t=self._clock(),
            engine=self._engine,
            version=found.version,
            model=self._target.model,
            models=found.models,
            max_model_len=found.max_model_len,
            waited_s=round(waited_s, 3),
            pid=self._process.pid if self._process else None,
            key=keys.use_for(self._target.base_url),
            facts=found.facts,
            missing=found.missing,
        )

    def _found_telemetry(self) -> tuple[Telemetry, ...]:
        metrics = ServerMetrics(self._client, self._target.base_url, self._engine, self._clock)
        return (self._process, metrics) if self._process is not None else (metrics,)

    async def _answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        asked = Asked(self._client, self._target.model, self._engine)
        try:
            question = await chat(asked, request, self._launch.settings)
            async with aclosing(answered(question, tell, self._limits)) as events:
                async for event in events:
                    yield event
        except EndpointProblem as problem:
            if problem.kind != "not_found":
                raise
            raise await self._explained(problem) from None

    async def _explained(self, problem: EndpointProblem) -> EndpointProblem:
        """A 404 for a chat is most often that of the model's name."""
        with suppress(EndpointProblem):
            found = tuple(one.id for one in await models_of(self._client))
            if found and self._target.model not in found:
                return no_such_model(self._client.host, self._target.model, found)
        return problem

    async def _end(self, began: float) -> Stopped:
        evidence = [
            "weighbridge did not start this server, and does not end it: whoever started it does.",
            await self._last_answer(),
        ]
        await self._client.close()
        t = self._clock()
        pid = self._process.pid if self._process else None
        return Stopped(
            t=t, pid=pid, how="left_running", seconds=round(t - began, 6), gone=False, evidence=tuple(evidence)
        )

    async def _last_answer(self) -> str:
        try:
            await self._client.get("models", timeout_s=EVIDENCE_S)
        except EndpointProblem as problem:
            return f"Asked once more after the last answer was closed: {problem}"
        return f"Asked once more after the last answer was closed: {self._client.host} still answers."


def no_such_model(host: str, name: str, models: Sequence[str]) -> EndpointProblem:
    """`models`: what the server lists."""
    told = f"{host} lists no model {name}, but {names(models)}"
    return EndpointProblem("no_model", f"{told}.", "Name one of these behind #.")
