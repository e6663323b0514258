"""The load test in the wizard, by the keyboard alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from load.rig import ScriptedServer
from steering import screen_text, wait_until, wizard_of
from textual.pilot import Pilot
from textual.widgets import Input

from weighbridge.domain.proof.settings import Request
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.tui.app import WeighbridgeApp
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.screens.dialogs.load import LoadScreen
from weighbridge.tui.widgets.status_line import StatusLine


@asynccontextmanager
async def opened(session: Session, store: RunStore, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    """The wizard with the dialog of the load test."""
    app = WeighbridgeApp(lambda: (session, store, ""))
    async with app.run_test(size=size) as pilot:
        await wait_until(pilot, "the run is open", lambda: app.step_screen is not None)
        app.push_screen(LoadScreen(session))
        await wait_until(pilot, "the dialog", lambda: isinstance(app.screen, LoadScreen) and app.focused is not None)
        yield pilot


def said(pilot: Pilot[int]) -> str:
    return wizard_of(pilot).screen.query_one("#load-status", StatusLine).notice.line


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_enter_starts_it_and_every_step_becomes_a_row(
    served: Session, store: RunStore, server: ScriptedServer, size: tuple[int, int]
) -> None:
    async def slow(request: Request, under_way: int) -> str:
        await asyncio.sleep(0.01 * under_way)
        return ""

    server.fails = slow
    async with opened(served, store, size) as pilot:
        assert "Every case goes to tiny at" in screen_text(pilot.app)
        await pilot.press("ctrl+u", *"1,3", "enter")
        await wait_until(pilot, "it is done", lambda: said(pilot).startswith("The load test is done."))
        shown = screen_text(pilot.app)
        assert re.search(r"at once +answers +errors +ans/s +tok/s +busy +x one  ", shown)
        assert re.search(r" 1 +24 +0 .*–", shown) and re.search(r" 3 +24 +0 ", shown)
        dialog = pilot.app.screen.query_one(".dialog").region
        assert dialog.right <= size[0] and dialog.bottom <= size[1]
        await pilot.press(*["pagedown"] * 8)
        await wait_until(
            pilot, "the last of the words", lambda: "Rates are over a whole step" in screen_text(pilot.app)
        )
        await pilot.press("escape")
        await wait_until(pilot, "closed", lambda: not isinstance(pilot.app.screen, LoadScreen))


async def test_escape_stops_first_and_closes_then(served: Session, store: RunStore, server: ScriptedServer) -> None:
    async def never(request: Request, under_way: int) -> str:
        if not request.warmup and request.id != "c2-1":
            await asyncio.Event().wait()
        return ""

    server.fails = never
    async with opened(served, store) as pilot:
        await pilot.press("ctrl+u", *"2", "enter")
        await wait_until(pilot, "two are under way", lambda: "2 under way" in said(pilot))
        assert "▶ 2" in screen_text(pilot.app)
        await pilot.press("escape")
        await wait_until(pilot, "it says so", lambda: said(pilot).startswith("The load test was stopped."))
        assert isinstance(pilot.app.screen, LoadScreen) and server.under_way == 0
        assert served.run.load is not None and served.run.load.ended == "stopped"
        await pilot.press("escape")
        await wait_until(pilot, "closed", lambda: not isinstance(pilot.app.screen, LoadScreen))


async def test_leaving_while_it_runs_asks_first(served: Session, store: RunStore, server: ScriptedServer) -> None:
    async def never(request: Request, under_way: int) -> str:
        if not request.warmup:
            await asyncio.Event().wait()
        return ""

    server.fails = never
    async with opened(served, store) as pilot:
        await pilot.press("ctrl+u", *"2", "enter")
        await wait_until(pilot, "two are under way", lambda: "2 under way" in said(pilot))
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, Ask))
        assert "The load test is still running." in screen_text(pilot.app)
        await pilot.press("ctrl+q", "enter")
        await wait_until(pilot, "it runs on, and it was asked once", lambda: isinstance(pilot.app.screen, LoadScreen))
        assert server.under_way == 2
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("right", "enter")
        await wait_until(pilot, "the end", lambda: pilot.app.return_value == 0)
    assert server.under_way == 0 and served.run.load is not None and served.run.load.ended == "stopped"


async def test_what_cannot_be_and_what_failed_is_said_and_the_dialog_stays(
    served: Session, store: RunStore, server: ScriptedServer
) -> None:
    async def full(request: Request, under_way: int) -> str:
        await asyncio.sleep(0)
        return "tiny is full (429)." if request.id.startswith("c2") else ""

    async with opened(served, store) as pilot:
        await pilot.press("ctrl+u", *"2,1", "enter")
        assert said(pilot).startswith("! The numbers of requests at once have to grow")
        assert server.asked == []
        server.down = "127.0.0.1:9 does not answer."
        pilot.app.screen.query_one("#ladder", Input).value = "1"
        await pilot.press("enter")
        await wait_until(pilot, "the failure", lambda: said(pilot).startswith("! 127.0.0.1:9 does not answer."))
        server.down, server.fails = "", full
        pilot.app.screen.query_one("#ladder", Input).value = "1,2,4"
        await pilot.press("enter")
        await wait_until(pilot, "the end", lambda: said(pilot).startswith("! The ramp ended at its first errors."))
        await pilot.press(*["pagedown"] * 2)
        await wait_until(pilot, "why", lambda: "At 2 at once: tiny is full (429)." in screen_text(pilot.app))
