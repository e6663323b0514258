"""Driving the wizard in tests: wait for a condition, walk to a step, read the screen as text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import textual.app
import textual.pilot
from svg_text import svg_to_text
from textual.pilot import Pilot

from weighbridge.domain.steps import ORDER, StepId
from weighbridge.tui import keys
from weighbridge.tui.app import WeighbridgeApp
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.status_line import StatusLine
from weighbridge.tui.widgets.title_bar import TitleBar

DEADLINE_S = 120.0
"""Generous: a busy machine is slow, not wrong."""
FRAME_S, LONGEST_S = 1 / 50, 60.0
Launch = Callable[..., AbstractAsyncContextManager[Pilot[int]]]
"""What the fixture `launch` gives: `async with launch(size=(60, 20)) as pilot:`."""


async def idle(min_sleep: float = 0.0, max_sleep: float = LONGEST_S) -> None:
    """Waits for one frame, and until the event loop has nothing left that could run.

    Textual's own wait takes a process that uses no CPU for an idle one. On a busy machine that is one which is not
    given any: a key would count as handled before the wizard has seen it.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    await asyncio.sleep(FRAME_S)
    while loop._ready and loop.time() < end:  # type: ignore[attr-defined]
        await asyncio.sleep(0)


textual.app.wait_for_idle = textual.pilot.wait_for_idle = idle  # type: ignore[attr-defined]
Pilot._wait_for_screen.__defaults__ = (DEADLINE_S,)  # in place of 30 s
keys.CATCH_UP_S = 20.0  # a step that is drawn for longer than a second is no reason for keys to overtake each other


async def wait_until(pilot: Pilot[int], what: str, holds: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Returns once the condition holds and the messages so far are handled; AssertionError at the deadline."""
    clock = asyncio.get_running_loop().time
    end = clock() + deadline_s
    while not holds():
        assert clock() < end, f"not within {deadline_s:.0f} s: {what}\n{screen_text(pilot.app)}"
        await asyncio.sleep(0.01)
    await pilot.pause()


def wizard_of(pilot: Pilot[int]) -> WeighbridgeApp:
    app = pilot.app
    assert isinstance(app, WeighbridgeApp)
    return app


def shown_step(pilot: Pilot[int]) -> StepId:
    screen = wizard_of(pilot).step_screen
    assert screen is not None
    return screen.STEP


async def on_step(pilot: Pilot[int], step: StepId) -> StepScreen:
    """Waits until a step is shown and drawn."""
    app = wizard_of(pilot)

    def there() -> bool:
        screen = app.screen
        return isinstance(screen, StepScreen) and step == screen.STEP and screen.is_mounted and bool(screen.focused)

    await wait_until(pilot, f"step {step}", there)
    assert isinstance(app.screen, StepScreen)
    return app.screen


async def walk_to(pilot: Pilot[int], step: StepId) -> StepScreen:
    """Next, Next, ... from where the wizard stands; proof and eval are started and waited for."""
    while (here := shown_step(pilot)) != step:
        await on_step(pilot, here)
        if here in ("proof", "eval") and not wizard_of(pilot).session.run.planned:
            await run_job(pilot)
        await pilot.press("ctrl+n")
        await on_step(pilot, ORDER[ORDER.index(here) + 1])
    return await on_step(pilot, step)


async def run_job(pilot: Pilot[int]) -> None:
    """Starts the job of the step by its key and waits for its end."""
    app = wizard_of(pilot)
    await pilot.press("ctrl+r")
    await wait_until(pilot, "the job starts", lambda: app.notice is not None or app.jobs.running is not None)
    await wait_until(pilot, "the job ends", lambda: app.jobs.running is None)


def status(pilot: Pilot[int]) -> str:
    """What the status line says."""
    return wizard_of(pilot).screen.query_one(StatusLine).notice.line


def title(pilot: Pilot[int]) -> str:
    return wizard_of(pilot).screen.query_one(TitleBar).text


def screen_text(app: object) -> str:
    """The screen as plain text, row by row."""
    assert isinstance(app, WeighbridgeApp)
    return svg_to_text(app.export_screenshot(simplify=True))
