"""The footer holds whole keys only, the most needed first."""

from __future__ import annotations

import pytest
from steering import Launch, on_step, shown_step, wait_until
from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from weighbridge.domain.steps import ORDER, StepId
from weighbridge.tui.app import WeighbridgeApp


def keys(pilot: Pilot[int]) -> list[str]:
    assert isinstance(pilot.app, WeighbridgeApp) and pilot.app.step_screen is not None
    return [key.description for key in pilot.app.step_screen.query(FooterKey)]


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_every_key_in_the_footer_is_whole(launch: Launch, size: tuple[int, int]) -> None:
    async with launch(size=size) as pilot:
        await on_step(pilot, "constraints")
        for step in ORDER:
            assert isinstance(pilot.app, WeighbridgeApp)
            pilot.app.go(step)
            screen = await on_step(pilot, step)
            await wait_until(pilot, "the footer", lambda: "Palette" in keys(pilot))
            assert {"Help", "Next" if step != "packet" else "Help", "Quit"} <= set(keys(pilot)), step
            right = [key.region.right for key in screen.query(FooterKey)]
            assert max(right) <= size[0], (step, keys(pilot), right)


async def test_a_wider_screen_shows_the_keys_that_were_left_out(launch: Launch) -> None:
    async with launch(size=(60, 20)) as pilot:
        await on_step(pilot, "constraints")
        assert isinstance(pilot.app, WeighbridgeApp)
        pilot.app.go("proof")
        await on_step(pilot, "proof")
        await wait_until(pilot, "the footer", lambda: "Back" in keys(pilot))
        assert "Runs" not in keys(pilot)
        await pilot.resize_terminal(120, 30)
        await wait_until(pilot, "the rest", lambda: {"Go to", "Runs"} <= set(keys(pilot)))


@pytest.mark.parametrize(("digit", "step"), [("5", "runtime"), ("9", "packet")])
async def test_a_digit_goes_to_the_step_of_that_number(launch: Launch, digit: str, step: StepId) -> None:
    async with launch() as pilot:
        await on_step(pilot, "constraints")
        await pilot.press("ctrl+g", digit)
        await on_step(pilot, step)
        assert shown_step(pilot) == step


async def test_below_a_dialog_the_footer_shows_what_works_there(launch: Launch) -> None:
    async with launch() as pilot:
        await on_step(pilot, "constraints")
        await wait_until(pilot, "the footer", lambda: "Palette" in keys(pilot))
        await pilot.press("ctrl+l")
        await wait_until(pilot, "the keys of the list", lambda: "New run" in keys(pilot))
        assert "Next" not in keys(pilot) and "Palette" not in keys(pilot) and "Quit" in keys(pilot)
        await pilot.press("r")
        await wait_until(pilot, "those of the line above it", lambda: "New run" not in keys(pilot))
        await pilot.press("escape")
        await wait_until(pilot, "those of the list", lambda: "New run" in keys(pilot))
        await pilot.press("escape")
        await wait_until(pilot, "those of the step", lambda: {"Next", "Palette"} <= set(keys(pilot)))
