"""Steering the steps that speak with the Hub: type a line, wait for the answer, choose."""

from __future__ import annotations

from steering import screen_text, wait_until, wizard_of
from textual.pilot import Pilot
from textual.widgets import Input

from weighbridge.domain.intents import Confirm
from weighbridge.domain.steps import ORDER, StepId
from weighbridge.session import Session
from weighbridge.tui.screens.parts.hub import HubPart, Level

TINY = "acme/tiny-GGUF"
FIRST = "tiny.Q4_K_M.gguf"
CARD = """---
license: cc-by-nc-4.0
language: [en, ja]
---
# Tiny [@click=app.quit]press[/] \x1b[31m\u202eabc

It speaks of many things. 日本語の文章がここに長く続いていて、折り返しが必要になるはずですが、どうでしょうか。

## Intended use

Short answers in a course.

## Limitations

It knows eight words.
"""


async def ask(pilot: Pilot[int], line: str) -> None:
    """Types a line for the Hub and waits until it was answered, or refused."""
    app = wizard_of(pilot)
    await pilot.press("ctrl+f")
    entry = app.screen.query_one("#spec", Input)
    await wait_until(pilot, "the line has the focus", lambda: entry.has_focus)
    entry.value = line
    await pilot.press("enter")
    await settled(pilot)


async def settled(pilot: Pilot[int]) -> None:
    """Waits until nothing is asked or read any more."""
    model = wizard_of(pilot).jobs.model
    await wait_until(pilot, "the Hub answers", lambda: model.asking is None and model.reading is None)


async def opened(pilot: Pilot[int], level: Level) -> str:
    """Waits for a list of the Hub; the screen's text."""
    part = wizard_of(pilot).screen.query_one(HubPart)
    await wait_until(pilot, f"the list of {level}", lambda: part.level == level)
    return screen_text(pilot.app)


async def open_at(session: Session, step: StepId) -> None:
    """The recommended file of the small repository is the model of the run, which is confirmed up to a step."""
    await session.choose_model(f"{TINY}:{FIRST}")
    for earlier in ORDER[: ORDER.index(step)]:
        session.apply(Confirm(step=earlier))
