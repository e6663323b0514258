"""A server that a script speaks for, and requests as a test wants them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from weighbridge.domain.load.records import LoadRequest
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Completed, Connected, Event, Failed, RequestStarted, Stopped, Token
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts, Tell
from weighbridge.domain.proof.settings import Request

SERVED = ModelChoice(
    kind="endpoint", name="tiny", address="http://127.0.0.1:9/v1", served_name="tiny", source="typed by a test"
)


async def at_once(request: Request, under_way: int) -> str:
    """An answer without an error, after everybody else had a turn."""
    await asyncio.sleep(0)
    return ""


@dataclass
class ScriptedServer:
    """What the server does, and what was asked of it."""

    fails: Callable[[Request, int], Awaitable[str]] = at_once
    """Waits as long as an answer takes; gives the sentence of its failure, or none. Knows how many are under way."""
    down: str = ""
    counts: bool = True
    """Whether it tells how many tokens an answer has."""
    asked: list[Request] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    """Requests that were under way at once."""
    stops: int = 0

    def factory(self, launch: Launch, clock: Clock) -> ScriptedEndpoint:
        assert launch.target is not None
        return ScriptedEndpoint(self, clock)


class ScriptedEndpoint:
    """A runtime that answers many requests at the same time."""

    facts = RuntimeFacts(name="scripted", version="1", where="nowhere")

    def __init__(self, server: ScriptedServer, clock: Clock) -> None:
        self._server, self._clock = server, clock

    async def start(self) -> AsyncIterator[Event]:
        if self._server.down:
            yield Failed(t=self._clock(), kind="outside", phase="start", message=self._server.down)
        else:
            yield Connected(t=self._clock(), engine="vllm", version="0.32.0", model="tiny")

    async def generate(self, request: Request) -> AsyncIterator[Event]:
        async for event in self.answer(request, lambda _: None):
            yield event

    async def answer(self, request: Request, tell: Tell) -> AsyncGenerator[Event, None]:
        server = self._server
        server.asked.append(request)
        server.under_way += 1
        server.most = max(server.most, server.under_way)
        named = {"request": request.id, "case": request.case, "warmup": request.warmup}
        try:
            yield RequestStarted(t=self._clock(), **named, prompt=request.prompt, prompt_tokens=None)
            if why := await server.fails(request, server.under_way):
                raise OutsideFailed(why)
            for index, text in enumerate(("an", " answer")):
                yield Token(t=self._clock(), request=request.id, index=index, text=text)
            yield self._completed(named)
        finally:
            server.under_way -= 1

    def _completed(self, named: dict[str, object]) -> Completed:
        known = {"t": self._clock(), **named, "output": "an answer", "stop_reason": "eos", "prefill_s": None}
        engine = dict.fromkeys(("prompt_ms", "prompt_tokens", "decode_ms", "decode_tokens"))
        counted = {"prompt_tokens": 12, "output_tokens": 3 if self._server.counts else None}
        return Completed.model_validate(known | counted | {f"engine_{name}": None for name in engine})

    async def stop(self) -> Stopped | None:
        self._server.stops += 1
        await asyncio.sleep(0.05)  # a real one asks its server once more
        return Stopped(t=self._clock(), pid=None, how="left_running", seconds=0.0, gone=False, evidence=("it answers",))


def line(start: float, ttft: float, gaps: int, gap: float, **known: object) -> LoadRequest:
    """A request that was answered in `gaps` + 1 pieces."""
    pieces = tuple(start + ttft + at * gap for at in range(gaps + 1))
    told = {
        "load": "load-1",
        "concurrency": 1,
        "number": 1,
        "case": "a",
        "output_tokens": gaps + 1,
        "stop_reason": "eos",
    }
    return LoadRequest.model_validate(told | {"t_start": start, "t_pieces": pieces, "t_end": pieces[-1]} | known)
