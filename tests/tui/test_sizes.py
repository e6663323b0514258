"""80x24 is the design size, 60x20 the floor; without colour nothing is lost."""

from __future__ import annotations

import asyncio

import pytest
from fakes import Script
from steering import Launch, on_step, run_job, screen_text, title, wait_until, walk_to, wizard_of

from weighbridge.domain.steps import STEPS
from weighbridge.session import Session


async def test_a_running_proof_names_the_way_to_every_key_at_the_floor(launch: Launch, script: Script) -> None:
    async with launch(size=(60, 20)) as pilot:
        script.pause_before_token = asyncio.Event()
        await walk_to(pilot, "proof")
        await pilot.press("ctrl+r")
        await wait_until(pilot, "stop is named", lambda: "esc Stop" in screen_text(pilot.app))
        footer = screen_text(pilot.app).splitlines()[-1]
        assert all(name in footer for name in ("f2 Pause", "f4 Compare", "f1 Help", "^p Palette"))


async def test_every_step_fits_the_floor_and_names_itself(launch: Launch) -> None:
    async with launch(size=(60, 20)) as pilot:
        for step in STEPS:
            await walk_to(pilot, step.id)
            assert f"step {step.number} of 9 · {step.title}" in title(pilot)
            shown = screen_text(pilot.app).splitlines()
            assert len(shown) <= 20 and max(map(len, shown)) <= 60
            assert "^n Next" in shown[-1], "the keys are in the last row"
            assert not wizard_of(pilot).screen.query_one("#rail").display


async def test_at_the_floor_the_panel_still_says_memory_and_latency(launch: Launch) -> None:
    async with launch(size=(60, 20)) as pilot:
        await walk_to(pilot, "proof")
        await run_job(pilot)
        shown = screen_text(pilot.app)
        wanted = "RSS, 190 MiB, 75 + 115 MiB, peak, 200 MiB, forecast, available, TTFT, ITL, decode"
        assert [words for words in wanted.split(", ") if words not in shown] == []


async def test_a_terminal_that_shrinks_loses_the_rail_and_not_the_step(launch: Launch) -> None:
    async with launch() as pilot:
        await on_step(pilot, "constraints")
        assert "1 ▶ Constraints" in screen_text(pilot.app)
        await pilot.resize_terminal(60, 20)
        await wait_until(pilot, "the rail is gone", lambda: "1 ▶ Constraints" not in screen_text(pilot.app))
        assert "step 1 of 9 · Constraints" in title(pilot)


async def test_unknown_figures_are_dashes_never_zeros(launch: Launch) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "proof")
        shown = screen_text(pilot.app)
        assert "TTFT" in shown and "–" in shown
        assert " 0 MiB" not in shown and "0.0 tok/s" not in shown and "0.00 s" not in shown


async def test_the_live_line_fits_beside_the_step_at_every_width(launch: Launch, script: Script) -> None:
    script.pause_before_token = asyncio.Event()
    async with launch() as pilot:
        await walk_to(pilot, "proof")
        await pilot.press("ctrl+r")
        await wait_until(pilot, "it runs", lambda: "proof running" in title(pilot))
        for width in (60, 72, 100, 140):
            await pilot.resize_terminal(width, 24)
            await wait_until(pilot, f"{width} columns", lambda width=width: len(title(pilot)) == width - 2)  # type: ignore[misc]
            assert "step 6 of 9 · Proof" in title(pilot) and "proof" in title(pilot).split("Proof")[1]


async def test_signs_and_words_carry_the_meaning_without_colour(
    launch: Launch, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with launch() as pilot:
        assert wizard_of(pilot).no_color
        await walk_to(pilot, "eval")
        await run_job(pilot)
        shown = screen_text(pilot.app)
        assert "✗ FAIL" in shown and "FAILED" in shown and "✓ Proof" in shown
        assert "▶ Eval" in shown
