"""RentedRuntime: the server of a rented job. Its key is the Hub token; the Hub tells of the machine's load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any

from weighbridge.domain.problems import HubProblem, Refused
from weighbridge.domain.proof.events import Event, ServerSample, Stopped
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts, Tell
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.serving.target import Target
from weighbridge.services.endpoint.metrics import ServerMetrics
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.hub.job_stream import JobStream
from weighbridge.services.hub.jobs import Jobs
from weighbridge.services.hub.proxy import admit, require_alive

SOURCE = "Hugging Face Jobs"


class RentedRuntime(OpenAIRuntime):
    """As any OpenAI-compatible server; but first the Hub is asked whether this address is that of a job of ours."""

    def __init__(self, launch: Launch, clock: Clock, jobs: Jobs | None = None) -> None:
        assert launch.target is not None
        self._jobs, self._namespace = jobs or Jobs(), ""
        self._machine = JobTelemetry(self._jobs, launch.target, clock)
        super().__init__(launch, clock, telemetry=())
        self._telemetry = (
            self._machine,
            ServerMetrics(self._client, self._target.base_url, self._target.engine, clock),
        )

    @property
    def facts(self) -> RuntimeFacts:
        name = f"{self._target.engine} on {SOURCE}, job {self._target.job}"
        return RuntimeFacts(name=name, version="", where=self._target.base_url)

    async def _connect(self) -> AsyncGenerator[Event, None]:
        """Raises Problem where the job is none of this account, is over, or is reached by another address."""
        self._namespace = await asyncio.to_thread(self._jobs.account)
        view = await asyncio.to_thread(self._jobs.look, self._target.job, self._namespace)
        admit(self._jobs, view, self._target.base_url)
        self._machine.begin(self._namespace)
        async with aclosing(super()._connect()) as events:
            async for event in events:
                yield event

    async def _answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        """Where the server fails, the Hub is asked first whether its job is over: that is the reason then."""
        try:
            async with aclosing(super()._answer(request, tell)) as events:
                async for event in events:
                    yield event
        except EndpointProblem:
            with suppress(HubProblem, Refused):
                require_alive(await asyncio.to_thread(self._jobs.look, self._target.job, self._namespace))
            raise

    async def _end(self, began: float) -> Stopped:
        self._machine.close()
        stopped = await super()._end(began)
        said = (
            f"The machine, job {self._target.job}, is rented, and not stopped by this: the rental has its own proof.",
            *stopped.evidence[1:],
        )
        return stopped.model_copy(update={"evidence": said})


class JobTelemetry:
    """A Telemetry: memory of the machine and of its GPUs, as the Hub streams it about once a second."""

    def __init__(self, jobs: Jobs, target: Target, clock: Clock) -> None:
        self._jobs, self._job, self._clock = jobs, target.job, clock
        self._stream: JobStream[dict[str, Any]] | None = None

    def begin(self, namespace: str) -> None:
        """Starts to listen; without this nothing is told."""
        self._stream = JobStream(lambda: self._jobs.metrics(self._job, namespace), 1)

    async def read(self) -> ServerSample | None:
        """The newest reading; None where none came since the last one."""
        came = self._stream.newest() if self._stream is not None else ()
        return sample_of(came[-1], self._clock()) if came else None

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


def sample_of(metrics: Mapping[str, Any], t: float) -> ServerSample | None:
    """One reading of the Hub, with what it tells; None where it tells nothing that is known here.

    Its processor figure is left out: of what it is a share is not documented.
    """
    found = metrics.get("gpus")
    gpus = [gpu for gpu in found.values() if isinstance(gpu, dict)] if isinstance(found, dict) else []
    used, total = _sum(gpus, "memory_used_bytes"), _sum(gpus, "memory_total_bytes")
    busy = [value for gpu in gpus if (value := _count(gpu.get("utilization"))) is not None]
    memory = _count(metrics.get("memory_used_bytes"))
    if memory is None and used is None and not busy:
        return None
    return ServerSample(
        t=t,
        source=SOURCE,
        memory_bytes=int(memory) if memory is not None else None,
        gpu_memory_bytes=used,
        gpu_memory_total_bytes=total,
        gpu_percent=sum(busy) / len(busy) if busy else None,
    )


def _sum(gpus: list[dict[str, Any]], name: str) -> int | None:
    """Of all GPUs; None where one of them does not tell, or there is none."""
    values = [_count(gpu.get(name)) for gpu in gpus]
    known = [value for value in values if value is not None]
    return int(sum(known)) if known and len(known) == len(values) else None


def _count(value: object) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e16
    return float(value) if good and isinstance(value, int | float) else None
