"""The list of runs, the jump list, help and palette: every way round the wizard."""

from __future__ import annotations

import pytest
from steering import Launch, on_step, screen_text, shown_step, wait_until, walk_to, wizard_of
from textual.binding import Binding
from textual.widgets import OptionList

from weighbridge.domain.steps import ORDER, STEPS
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session
from weighbridge.tui.app import WeighbridgeApp
from weighbridge.tui.commands import commands
from weighbridge.tui.screens.beside import runs
from weighbridge.tui.screens.beside.runs import age
from weighbridge.tui.screens.dialogs import ask, help_page, jump, picker
from weighbridge.tui.screens.registry import screen_of


async def test_runs_are_listed_resumed_begun_and_deleted(
    launch: Launch, session: Session, store: RunStore, deps: Deps
) -> None:
    older = Session.create(store, deps)
    await older.close()
    async with launch() as pilot:
        app = wizard_of(pilot)
        await walk_to(pilot, "route")
        await pilot.press("ctrl+l")
        await wait_until(pilot, "the list", lambda: older.run.id in screen_text(app))
        assert f"▶ {session.run.id}  2 Route" in screen_text(app)
        at = app.screen.query_one("#runs", OptionList).get_option_index(older.run.id)
        await pilot.press("home", *["down"] * at, "enter")
        await wait_until(pilot, "the older run", lambda: app.session.run.id == older.run.id)
        await on_step(pilot, "constraints")
        await pilot.press("ctrl+l", "n")
        await wait_until(pilot, "a third run", lambda: len(store.list()) == 3)
        await on_step(pilot, "constraints")
        await pilot.press("ctrl+l")
        await wait_until(pilot, "the list", lambda: older.run.id in screen_text(app))
        at = app.screen.query_one("#runs", OptionList).get_option_index(older.run.id)
        await pilot.press("home", *["down"] * at, "d")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, ask.Ask))
        assert len(store.list()) == 3, "nothing is deleted before the answer"
        await pilot.press("tab", "enter")
        await wait_until(pilot, "it is gone", lambda: older.run.id not in [e.id for e in store.list()])
        await pilot.press("escape")
        await on_step(pilot, "constraints")


async def test_the_open_run_is_not_deleted(launch: Launch, store: RunStore) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        await pilot.press("ctrl+l", "d")
        await wait_until(pilot, "the refusal", lambda: "This run is open" in screen_text(app))
        assert len(store.list()) == 1


async def test_a_run_open_elsewhere_is_refused_and_this_one_stays(
    launch: Launch, session: Session, store: RunStore, deps: Deps
) -> None:
    other = Session.create(store, deps)
    async with launch() as pilot:
        app = wizard_of(pilot)
        await on_step(pilot, "constraints")
        app.open_run(other.run.id)
        await wait_until(pilot, "the refusal", lambda: app.notice is not None)
        assert app.notice is not None and "open in another weighbridge" in app.notice.line
        assert app.session is session
    await other.close()


@pytest.mark.parametrize(("then", "said"), [("29:55Z", "5 s"), ("00:00Z", "30 min")])
def test_the_age_of_a_run_in_one_unit(then: str, said: str) -> None:
    assert age(f"2026-11-22T09:{then}", "2026-11-22T09:30:00Z") == said


async def test_jumping_is_free_and_confirms_nothing(launch: Launch, session: Session) -> None:
    async with launch(size=(60, 20)) as pilot:
        await on_step(pilot, "constraints")
        await pilot.press("ctrl+g")
        await wait_until(pilot, "the list", lambda: "Go to step" in screen_text(pilot.app))
        await pilot.press("end", "enter")
        await on_step(pilot, "packet")
        assert session.run.confirmed == {}


async def test_the_rail_jumps_too(launch: Launch) -> None:
    async with launch() as pilot:
        screen = await on_step(pilot, "constraints")
        screen.query_one("#rail").focus()
        await pilot.press("down", "down", "down", "down", "enter")
        await on_step(pilot, "runtime")


async def test_every_step_has_help_with_its_keys(launch: Launch) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        for step in STEPS:
            app.go(step.id)
            await on_step(pilot, step.id)
            await pilot.press("f1")
            await wait_until(pilot, "help", lambda: "escape closes" in screen_text(app))
            assert step.title in screen_text(app)
            await pilot.press("escape")
            await on_step(pilot, step.id)


async def test_the_palette_names_every_action(launch: Launch) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        await on_step(pilot, "constraints")
        titles = " ".join(command.title for command in commands(app))
        wanted = "Next, Back, Start the proof, Start the eval, Runs, New run, Save packet, Help, Theme, Quit"
        assert [words for words in wanted.split(", ") if words not in titles] == []
        for step in STEPS:
            assert f"Go to step {step.number}: {step.title}" in titles
        await pilot.press("ctrl+p", *"step 4", "enter")
        await on_step(pilot, "card")
        assert shown_step(pilot) == "card"


def test_every_key_has_a_name_and_a_tooltip() -> None:
    owners: list[type] = [WeighbridgeApp, *(type(screen_of(step)) for step in ORDER)]
    owners += [ask.Ask, ask.AskLine, help_page.HelpScreen, jump.JumpScreen, picker.FilePicker, runs.RunsScreen]
    for owner in owners:
        for base in owner.__mro__:
            if not base.__module__.startswith("weighbridge."):
                continue
            for binding in vars(base).get("BINDINGS", []):
                assert isinstance(binding, Binding) and binding.id and binding.tooltip, (owner, binding)
