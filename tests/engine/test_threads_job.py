"""A job gives the child what is known of its threads and of the machine, and keeps what the child found."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal

from fakes import Script, quiet

from weighbridge.domain import intents as want
from weighbridge.domain.proof.events import Conditions, Event, Swept
from weighbridge.domain.proof.runtime import Clock
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session

TICKS = ("sample", "token", "prefilled", "heartbeat")


async def _prepared(session: Session) -> Session:
    for step in ("constraints", "route"):
        session.apply(want.Confirm(step=step))
    await session.choose_model("bundled")
    return session


async def _prove(session: Session) -> list[Event]:
    return [event async for event in session.prove()]


def _swept(events: list[Event]) -> Swept:
    return next(event for event in events if isinstance(event, Swept))


async def test_the_machine_is_read_before_and_after_the_child(session: Session) -> None:
    events = await _prove(await _prepared(session))
    kinds = [event.event for event in events if event.event not in TICKS]
    asked = ["request", "completed"] * 2
    assert kinds == [
        *("attempt", "conditions", "spawned", "ready", "loaded", "swept"),
        *(*asked, "stopped", "conditions", "ended"),
    ]
    assert [event.when for event in events if isinstance(event, Conditions)] == ["before", "after"]


async def test_a_sweep_is_made_once_while_the_load_stays_alike(store: RunStore, deps: Deps, script: Script) -> None:
    others = 2.0
    script.sweep = (1, 1)

    async def loaded(when: Literal["before", "after"], clock: Clock) -> Conditions:
        return (await quiet(when, clock)).model_copy(update={"others_percent": others})

    session = await _prepared(Session.create(store, replace(deps, conditions=loaded)))
    hows = [_swept(await _prove(session)).how]
    hows.append(_swept(await _prove(session)).how)
    others = 90.0
    hows.append(_swept(await _prove(session)).how)
    session.apply(want.ChangeSetting(field="n_threads", value="1"))
    hows.append(_swept(await _prove(session)).how)
    assert hows == ["measured", "remembered", "measured", "fixed"]
    assert [launch.others_percent for launch in script.launches] == [2.0, 2.0, 90.0, 90.0]
    await session.close()


async def _stopped_at(when: str, store: RunStore, deps: Deps) -> tuple[Session, list[Event]]:
    """A proof that is stopped while the machine is read, which here takes for ever."""
    reading = asyncio.Event()

    async def endless(now: Literal["before", "after"], clock: Clock) -> Conditions:
        if now == when:
            reading.set()
            await asyncio.Event().wait()
        return await quiet(now, clock)

    session = await _prepared(Session.create(store, replace(deps, conditions=endless)))
    proof = asyncio.create_task(_prove(session))
    async with asyncio.timeout(60):
        await reading.wait()
        await session.stop()
        return session, await proof


async def test_a_stop_before_the_start_starts_nothing(store: RunStore, deps: Deps, script: Script) -> None:
    session, events = await _stopped_at("before", store, deps)
    assert [event.event for event in events] == ["attempt", "ended"] and script.alive == 0
    assert session.run.proof is not None and session.run.proof.outcome == "stopped"
    await session.close()


async def test_a_stop_when_all_is_answered_takes_nothing_back(store: RunStore, deps: Deps) -> None:
    session, events = await _stopped_at("after", store, deps)
    assert [event.event for event in events][-2:] == ["stopped", "ended"]
    assert session.run.proof is not None and session.run.proof.outcome == "completed"
    await session.close()
