"""Typing faster than the screen: every key counts, in the order in which it was pressed."""

from __future__ import annotations

import pytest
from steering import Launch, on_step, screen_text, wait_until, walk_to, wizard_of

from weighbridge.session import Session
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.widgets.field import Field

NEW_CONTEXT = ["ctrl+a", "ctrl+k", *"1024"]


@pytest.mark.parametrize("last", ["enter", "ctrl+n"])
async def test_a_burst_of_keys_replaces_a_setting(launch: Launch, session: Session, last: str) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "runtime")
        for key in [*NEW_CONTEXT, last]:
            wizard_of(pilot).simulate_key(key)
        await wait_until(pilot, "the setting is saved", lambda: session.run.settings.n_ctx == 1024)
        await on_step(pilot, "runtime" if last == "enter" else "proof")


async def test_keys_that_come_before_the_step_before_is_drawn_reach_its_field(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "proof")
        for key in ["ctrl+b", *NEW_CONTEXT, "enter"]:
            wizard_of(pilot).simulate_key(key)
        await wait_until(pilot, "the setting is saved", lambda: session.run.settings.n_ctx == 1024)


async def test_two_settings_in_one_burst_reach_two_fields(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        screen = await walk_to(pilot, "runtime")
        for key in [*NEW_CONTEXT, "enter", "ctrl+a", "ctrl+k", "1", "enter"]:
            wizard_of(pilot).simulate_key(key)
        await wait_until(pilot, "both are saved", lambda: session.run.settings.n_threads == 1)
        assert session.run.settings.n_ctx == 1024
        assert screen.focused is screen.query_one("#set-n_batch", Field)


async def test_a_refused_entry_does_not_keep_the_wizard_open(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "runtime")
        app = wizard_of(pilot)
        await pilot.press("ctrl+a", "ctrl+k", *"abc", "ctrl+q")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask) and "drops" in screen_text(app))
        assert "whole" in screen_text(app), "what is wrong stands beside it"
        await pilot.press("escape")
        await on_step(pilot, "runtime")
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        await pilot.press("tab", "enter")
        await wait_until(pilot, "the end", lambda: app.return_value == 0)
    assert session.run.settings.n_ctx == 2048
