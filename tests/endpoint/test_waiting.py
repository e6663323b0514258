"""Waiting while a server loads, and the stop at any moment."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from bad_server import STALL, BadServer, Reply, error, events, models, piece, reply, stream
from endpoint_rig import CHAT, NAME, QUESTION, WILLING, connected, kinds, no_start, runtime_of

from weighbridge.domain.proof.events import Connected, Event, ServerSample, Stopped
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime

LOADING = error(503, "Loading model")
Busy = tuple[OpenAIRuntime, Callable[[], Awaitable[list[Event]]]]
"""A runtime, and what keeps it at work."""
SOON = 20.0
"""Seconds; what is stopped here would last for minutes. How fast a stop really is, bench/stop.py measures."""


async def test_a_server_that_loads_is_waited_for_and_says_so(bad: BadServer) -> None:
    bad.on("/v1/models", LOADING, LOADING, models(NAME))
    runtime = runtime_of(bad.base_url)
    seen = [event async for event in runtime.start()]
    await runtime.stop()
    samples, (ready,) = kinds(seen, ServerSample), kinds(seen, Connected)
    assert len(samples) == 2
    assert re.match(r"waiting \d+ of at most 60 s: 127\.0\.0\.1:", samples[0].source)
    assert samples[0].source.endswith("is not ready (503): Loading model.")
    assert ready.waited_s >= WILLING.ask_every_s


async def test_a_list_that_is_there_before_the_model_is_not_taken_for_ready(bad: BadServer) -> None:
    bad.on("/v1/models", models(NAME)).on("/health", LOADING, reply({"status": "ok"}))
    runtime = runtime_of(bad.base_url)
    seen = [event async for event in runtime.start()]
    await runtime.stop()
    assert [event.event for event in seen] == ["server_sample", "connected"]


async def test_a_server_without_a_model_list_is_taken_as_it_is(bad: BadServer) -> None:
    """`transformers serve` without a cache folder answers 500 there."""
    bad.on("/v1/models", error(500, "no cache")).on("/health", reply({"status": "ok"})).on(CHAT, stream("Paris"))
    async with connected(bad.base_url) as runtime:
        assert [event async for event in runtime.generate(QUESTION)]


async def test_the_waiting_has_a_limit(bad: BadServer) -> None:
    failed = await no_start(bad.on("/v1/models", LOADING).base_url)
    assert "is not ready (503): Loading model. Waited " in failed.message


async def _waits_for_the_model(bad: BadServer) -> Busy:
    bad.on("/v1/models", LOADING)
    runtime = runtime_of(bad.base_url)
    return runtime, lambda: _all(runtime.start())


async def _waits_for_a_silent_server(bad: BadServer) -> Busy:
    bad.on("/v1/models", Reply(200, (STALL,)))
    runtime = runtime_of(bad.base_url)
    return runtime, lambda: _all(runtime.start())


async def _waits_for_the_first_piece(bad: BadServer) -> Busy:
    return await _asks(bad, events(STALL))


async def _reads_an_answer(bad: BadServer) -> Busy:
    return await _asks(bad, events(*[part for _ in range(900) for part in (piece("word "), 0.1)]))


async def _waits_for_room(bad: BadServer) -> Busy:
    return await _asks(bad, error(429, "busy"))


async def _asks(bad: BadServer, made: Reply) -> Busy:
    bad.on("/v1/models", models(NAME)).on(CHAT, made)
    runtime = runtime_of(bad.base_url, max_tokens=1000)
    assert kinds(await _all(runtime.start()), Connected)
    return runtime, lambda: _all(runtime.generate(QUESTION))


async def _all(source: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in source]


@pytest.mark.parametrize(
    "state",
    [
        _waits_for_the_model,
        _waits_for_a_silent_server,
        _waits_for_the_first_piece,
        _reads_an_answer,
        _waits_for_room,
    ],
)
async def test_a_stop_is_over_at_once(state: Callable[[BadServer], Awaitable[Busy]], bad: BadServer) -> None:
    runtime, work = await state(bad)
    before = len(bad.seen)
    working = asyncio.ensure_future(work())
    await bad.until_asked(before + 1)
    stopped = await asyncio.wait_for(runtime.stop(), 60)
    await asyncio.wait_for(working, 60)
    assert isinstance(stopped, Stopped) and stopped.how == "left_running" and stopped.seconds < SOON
    assert await runtime.stop() == stopped, "a second stop finds the same evidence"
    assert await _all(runtime.generate(QUESTION)) == [], "nothing is asked after a stop"


async def test_a_stop_before_the_start_leaves_nothing(bad: BadServer) -> None:
    runtime = runtime_of(bad.base_url)
    assert await runtime.stop() is None
    assert await _all(runtime.start()) == []
    assert bad.seen == []


async def test_a_web_site_that_answers_everything_is_no_server(bad: BadServer) -> None:
    page = Reply(200, (b"<!doctype html><title>Welcome</title>",), kind="text/html")
    failed = await no_start(bad.on("/v1/models", page).on("/health", page).base_url)
    assert "sent something that is no JSON" in failed.message
