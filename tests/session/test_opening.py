"""Which run a relaunch goes on with."""

from __future__ import annotations

from dataclasses import replace

from weighbridge.domain import intents as want
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.session.runs.opening import open_run


def at(deps: Deps, second: int) -> Deps:
    return replace(deps, now=lambda: f"2026-01-01T00:00:{second:02d}Z")


async def test_the_run_that_was_worked_on_comes_before_an_empty_newer_one(store: RunStore, deps: Deps) -> None:
    worked = Session.create(store, at(deps, 1))
    worked.apply(want.Confirm(step="constraints"))
    await worked.close()
    empty = Session.create(store, at(deps, 2))
    await empty.close()
    again, _, said = open_run(at(deps, 3), None, False)
    assert (again.run.id, said) == (worked.run.id, "")
    await again.close()


async def test_an_empty_run_is_used_before_another_is_made(store: RunStore, deps: Deps) -> None:
    empty = Session.create(store, deps)
    await empty.close()
    again, _, _ = open_run(deps, None, False)
    assert again.run.id == empty.run.id
    await again.close()


async def test_a_run_made_by_prove_alone_is_not_resumed(store: RunStore, deps: Deps) -> None:
    lone = Session.create(store, deps)
    await lone.choose_model("bundled")
    await lone.close()
    again, _, _ = open_run(deps, None, False)
    assert again.run.id != lone.run.id
    await again.close()
