"""Stopping: whatever the child is doing, it is gone soon, and nobody is left behind."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from engine_rig import Rig, is_gone, pid_of, until

from weighbridge.domain.proof.events import Event, Stopped
from weighbridge.domain.proof.runtime import Runtime
from weighbridge.domain.proof.settings import Request

LONG = "word " * 1500
SOON_S = 10.0
"""Far above the 0.3 s that bench/stop.py measures: a busy machine clears a process away late."""


async def _stop_at(runtime: Runtime, kind: str, events: list[Event], request: Request | None) -> Stopped:
    """Reads events until one of `kind`, stops there, and reads the rest."""
    stopping: asyncio.Task[Stopped | None] | None = None
    stream = runtime.start() if request is None else runtime.generate(request)
    async for event in stream:
        events.append(event)
        if event.event == kind and stopping is None:
            stopping = asyncio.create_task(runtime.stop())
    assert stopping is not None, events
    stopped = await stopping
    assert stopped is not None
    return stopped


def _check(stopped: Stopped, events: list[Event]) -> None:
    assert stopped.gone and is_gone(stopped.pid)
    assert stopped.seconds < SOON_S
    assert stopped.how in ("unloaded", "terminated", "killed")
    assert not [event for event in events if event.event == "failed"], "a wish is no failure"
    assert {event.stop_reason for event in events if event.event == "completed"} <= {"stopped"}, "it was not waited for"


async def test_while_tokens_come(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(max_tokens=400))
    events: list[Event] = []
    stopped = await _stop_at(runtime, "token", events, rig.request("Count from one to a hundred."))
    _check(stopped, events)
    assert len([event for event in events if event.event == "token"]) < 400


async def test_in_the_middle_of_a_long_prompt(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(n_ctx=2048, n_batch=2048))
    events: list[Event] = []
    stopped = await _stop_at(runtime, "request", events, rig.request(LONG))
    _check(stopped, events)
    assert not [event for event in events if event.event == "token"]


@pytest.mark.parametrize("moment", ["spawned", "ready"])
async def test_while_it_starts_and_loads(rig: Rig, moment: str) -> None:
    events: list[Event] = []
    stopped = await _stop_at(rig.runtime(), moment, events, None)
    _check(stopped, events)


async def test_at_the_very_moment_of_the_start(rig: Rig) -> None:
    runtime = rig.runtime()
    events: list[Event] = []

    async def start() -> None:
        events.extend([event async for event in runtime.start()])

    starting = asyncio.create_task(start())
    await asyncio.sleep(0)
    stopped = await runtime.stop()
    await starting
    assert "loaded" not in [event.event for event in events]
    assert stopped is None or is_gone(stopped.pid)


async def test_while_idle_by_two_at_once(rig: Rig) -> None:
    runtime, pid = await rig.started()
    first, second = await asyncio.gather(runtime.stop(), runtime.stop())
    assert first is not None and first == second and first.how == "unloaded"
    assert is_gone(pid)
    assert {event.event async for event in runtime.generate(rig.request())} <= {"sample"}


async def test_a_busy_child_that_does_not_listen_is_killed(rig: Rig) -> None:
    runtime, pid = await rig.started(rig.launch(max_tokens=400))
    events: list[Event] = []
    stopping: asyncio.Task[Stopped | None] | None = None
    async for event in runtime.generate(rig.request("Count from one to a hundred.")):
        events.append(event)
        if event.event == "token" and stopping is None:
            os.kill(pid, signal.SIGSTOP)
            stopping = asyncio.create_task(runtime.stop())
    assert stopping is not None
    stopped = await stopping
    assert stopped is not None and (stopped.how, stopped.signal) == ("killed", "SIGKILL")
    _check(stopped, events)


async def test_a_cancelled_reader_leaves_no_child(rig: Rig) -> None:
    runtime = rig.runtime(rig.launch(max_tokens=400))
    events: list[Event] = []

    async def consume() -> None:
        async for event in runtime.start():
            events.append(event)
        async for event in runtime.generate(rig.request("Count from one to a hundred.")):
            events.append(event)

    task = asyncio.create_task(consume())
    await until(lambda: any(event.event == "token" for event in events))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: is_gone(pid_of(events)))


async def test_a_cancelled_stop_still_stops(rig: Rig) -> None:
    runtime, pid = await rig.started()
    stopping = asyncio.create_task(runtime.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await until(lambda: is_gone(pid))


async def test_a_reader_that_leaves_early_leaves_no_child(rig: Rig) -> None:
    runtime, pid = await rig.started(rig.launch(max_tokens=400))
    stream = runtime.generate(rig.request("Count from one to a hundred."))
    async for event in stream:
        if event.event == "token":
            break
    await stream.aclose()  # type: ignore[attr-defined]
    await until(lambda: is_gone(pid))
