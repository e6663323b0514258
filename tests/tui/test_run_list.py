"""The list of runs at work: find, sort, name, export, delete what is damaged; in 60x20 and in 80x24."""

from __future__ import annotations

from pathlib import Path

import pytest
from steering import Launch, on_step, screen_text, status, wait_until, wizard_of
from textual.widgets import OptionList

from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.tui.app import WeighbridgeApp

TASKS = ("weigh lorries", "sort post")


@pytest.fixture
def two(store: RunStore, deps: Deps) -> list[str]:
    """Two earlier runs, closed; the second holds more on the disk."""
    ids = []
    for number, task in enumerate(TASKS):
        made = Session.create(store, deps)
        card = made.run.constraints.model_copy(update={"task": task})
        past = f"2026-01-0{number + 1}T00:00:00Z"
        made._folder.save(made.run.model_copy(update={"constraints": card, "updated_at": past}))
        made._folder.close()
        (made.folder / "events.jsonl").write_bytes(b"" if number == 0 else b"x" * 900_000)
        ids.append(made.run.id)
    return ids


def shown(app: WeighbridgeApp) -> list[str]:
    runs = app.screen.query_one("#runs", OptionList)
    return [runs.get_option_at_index(at).id or "" for at in range(runs.option_count)]


def title(app: WeighbridgeApp) -> str:
    return str(app.screen.query_one("#disk-use").render())


async def test_a_run_is_found_sorted_named_and_exported_in_a_small_terminal(
    launch: Launch, session: Session, store: RunStore, two: list[str]
) -> None:
    async with launch((60, 20)) as pilot:
        app = wizard_of(pilot)
        await pilot.press("ctrl+l")
        await wait_until(pilot, "sizes", lambda: "3 runs" in title(app))
        assert shown(app) == [session.run.id, two[1], two[0]], "the one worked on last first"
        text = screen_text(app)
        assert all(run_id in text for run_id in two) and "sort post" in text and "d: delete" in text
        await pilot.press("s")
        assert shown(app)[0] == two[1], "the largest first"
        await pilot.press("slash", *"LORRIES")
        await wait_until(pilot, "one is left", lambda: shown(app) == [two[0]])
        await pilot.press("enter", "r")
        await wait_until(pilot, "the question", lambda: "A name for" in screen_text(app))
        await pilot.press(*"bridge", "enter")
        await wait_until(pilot, "the name", lambda: store.load(two[0]).name == "bridge")
        await wait_until(pilot, "the name shown", lambda: "bridge ·" in screen_text(app))
        assert store.load(two[0]).updated_at == "2026-01-01T00:00:00Z", "a name is no work"
        await pilot.press("x")
        target = Path.cwd() / f"weighbridge-run-{two[0]}.zip"
        await wait_until(pilot, "it is said", lambda: target.name in status(pilot))
        assert target.is_file()
        await pilot.press("slash")
        assert status(pilot) == "", "what was said of the key before is gone"
        await pilot.press(*"zz")
        await wait_until(pilot, "none is left", lambda: "No run matches" in screen_text(app))
        await pilot.press("enter", "d", "c", "escape")
        await wait_until(pilot, "all again", lambda: len(shown(app)) == 3)
        await pilot.press("escape")
        await on_step(pilot, "constraints")


async def test_the_open_run_is_named_and_a_damaged_one_deleted(
    launch: Launch, session: Session, store: RunStore, two: list[str]
) -> None:
    damaged = store.runs / "20260101-000000-abcd"
    (store.runs / two[0]).rename(damaged)
    (damaged / "run.json").write_text("{")
    worked = session.run.updated_at
    async with launch() as pilot:
        app = wizard_of(pilot)
        await pilot.press("ctrl+l", "r")
        await wait_until(pilot, "the question", lambda: "A name for" in screen_text(app))
        await pilot.press(*"mine", "enter")
        await wait_until(pilot, "the name", lambda: session.run.name == "mine")
        assert session.run.updated_at == worked, "a name is no work"
        await wait_until(pilot, "the size where it has room", lambda: "914." in screen_text(app))
        assert "cannot be read" in screen_text(app)
        await pilot.press("slash", *"cannot")
        await wait_until(pilot, "one is left", lambda: shown(app) == [damaged.name])
        await pilot.press("enter", "d")
        await wait_until(pilot, "the question", lambda: "Delete the run" in screen_text(app))
        await pilot.press("tab", "enter")
        await wait_until(pilot, "it is gone", lambda: not damaged.exists())
