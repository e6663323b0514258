"""The endpoint runtime against a server of a test: started, asked, stopped, and what it told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bad_server import BadServer, models

from weighbridge.domain.proof.events import Completed, Event, Failed
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.serving.target import Target
from weighbridge.services.endpoint.deadline import Limits
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime
from weighbridge.services.endpoint.openai.waiting import Patience

E = TypeVar("E")
CHAT = "/v1/chat/completions"
NAME = "tiny"
CALM = Limits(first_s=60.0, stall_s=60.0, again_s=60.0, loading_s=60.0, ask_every_s=0.1)
HASTY = CALM._replace(stall_s=0.3, again_s=2.0, loading_s=0.5)
"""For a server that is to be given up: on a busy machine a sound one may be silent for so long."""
WILLING = Patience(unreachable_s=60.0, loading_s=60.0, ask_every_s=0.02)
BRIEF = WILLING._replace(unreachable_s=0.2, loading_s=0.5)
QUESTION = Request(id="first-run", prompt="What is the capital of France?")


def launch(base_url: str, name: str = NAME, **settings: Any) -> Launch:
    return Launch(
        model_path="",
        model_sha256="",
        settings=RuntimeSettings(**{"max_tokens": 32} | settings),
        log_path="",
        target=Target(api="openai", base_url=base_url, model=name),
    )


def runtime_of(
    base_url: str, name: str = NAME, limits: Limits = CALM, patience: Patience = WILLING, **settings: Any
) -> OpenAIRuntime:
    """Without telemetry, and with patience unless the test says otherwise."""
    zero = time.monotonic()
    clock = lambda: round(time.monotonic() - zero, 6)  # noqa: E731
    return OpenAIRuntime(launch(base_url, name, **settings), clock, (), patience=patience, limits=limits)


@asynccontextmanager
async def connected(base_url: str, name: str = NAME, **settings: Any) -> AsyncIterator[OpenAIRuntime]:
    """Started, and stopped at the end."""
    runtime = runtime_of(base_url, name, **settings)
    try:
        assert not kinds([event async for event in runtime.start()], Failed)
        yield runtime
    finally:
        await runtime.stop()


async def no_start(base_url: str, name: str = NAME) -> Failed:
    """Why a server cannot be connected to."""
    runtime = runtime_of(base_url, name, patience=BRIEF)
    try:
        *_, last = [event async for event in runtime.start()]
    finally:
        await runtime.stop()
    assert isinstance(last, Failed)
    return last


def kinds(events: list[Event], kind: type[E]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


async def told(server: BadServer, request: Request = QUESTION, **settings: Any) -> list[Event]:
    """The events of one request to a server whose model list is sound."""
    server.on("/v1/models", models(NAME))
    async with connected(server.base_url, **settings) as runtime:
        return [event async for event in runtime.generate(request)]


async def answer(server: BadServer, request: Request = QUESTION, **settings: Any) -> Completed:
    """The whole answer to one request."""
    events = await told(server, request, **settings)
    assert not kinds(events, Failed)
    (done,) = kinds(events, Completed)
    return done


async def failure(server: BadServer, request: Request = QUESTION, **settings: Any) -> Failed:
    """The failure of one request, which is its last event."""
    *_, last = await told(server, request, **settings)
    assert isinstance(last, Failed)
    return last
