"""Two packets side by side in the wizard, by the keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from steering import screen_text, status, wait_until, wizard_of
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from weighbridge.domain.run import PacketRecord
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.tui.app import WeighbridgeApp
from weighbridge.tui.screens.beside.compare import CompareScreen
from weighbridge.tui.screens.beside.runs import RunsScreen
from weighbridge.tui.screens.dialogs.ask_two import AskTwo
from weighbridge.tui.widgets.sheet import Sheet
from weighbridge.tui.widgets.status_line import StatusLine

pytestmark = pytest.mark.usefixtures("marks_here")


async def ask(pilot: Pilot[int]) -> WeighbridgeApp:
    """Opens the question from the palette."""
    app = wizard_of(pilot)
    (command,) = (c for c in app.get_system_commands(app.screen) if c.title == "Compare two packets")
    command.callback()
    await wait_until(pilot, "the question", lambda: isinstance(app.screen, AskTwo))
    return app


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_two_packets_are_asked_for_and_shown(
    session: Session, store: RunStore, two: Path, size: tuple[int, int]
) -> None:
    app = WeighbridgeApp(lambda: (session, store, ""))
    async with app.run_test(size=size) as pilot:
        await wait_until(pilot, "the run is open", lambda: app.step_screen is not None)
        await ask(pilot)
        app.screen.query_one("#old", Input).value = "nothing"
        app.screen.query_one("#new", Input).value = "new"
        await pilot.press("enter")
        await wait_until(pilot, "the refusal", lambda: status(pilot).startswith("! There is no folder"))
        await ask(pilot)
        await pilot.press(*"old", "enter")
        assert app.focused is app.screen.query_one("#new", Input), "the other one is still to be named"
        await pilot.press("enter")
        assert "Name both packets." in app.screen.query_one(StatusLine).notice.text
        await pilot.press(*"new", "enter")
        await wait_until(pilot, "the comparison", lambda: isinstance(app.screen, CompareScreen))
        first = [(row.label.strip(), row.value) for row in app.screen.query_one(Sheet).rows][:2]
        assert first[0] == ("May not be compared", ""), "why, before any case"
        assert first[1][0].startswith("figures") and first[1][1].startswith("! ")
        rows = [(row.label.strip(), row.value) for row in app.screen.query_one(Sheet).rows]
        assert ("→ cases", "✓ may be compared") in rows
        assert any(label == "regressed" and text.startswith("✗ ") for label, text in rows)
        assert any(label == "TTFT" and "not comparable" in text for label, text in rows)
        screen = app.screen
        assert screen.query_one(".dialog").region.right <= size[0] and screen.query_one("#compared").size.height >= 8
        await pilot.press("escape")
        await wait_until(pilot, "back at the step", lambda: app.screen is app.step_screen)


async def test_packets_of_the_runs_here_are_picked_with_the_arrows(
    session: Session, store: RunStore, two: Path
) -> None:
    for number, name in enumerate(("old", "new", "gone")):
        made = Session.create(store, session.deps)
        at, path = f"2026-01-0{number + 1}T00:00:00Z", str(two / name)
        packet = PacketRecord(path=path, seal="0" * 64, at=at, inputs="", complete=True, planned=False)
        made.keep(made.run.model_copy(update={"packet": packet}))
        await made.close()
    app = WeighbridgeApp(lambda: (session, store, ""))
    async with app.run_test(size=(60, 20)) as pilot:
        await wait_until(pilot, "the run is open", lambda: app.step_screen is not None)
        await ask(pilot)
        assert app.screen.query_one("#packets", OptionList).option_count == 2, "one that is gone is not offered"
        text = screen_text(app)
        assert "2026-01-02 00:00" in text and "↓ picks" in text and "for: Earlier packet" in text
        await pilot.press("down", "down", "enter")
        assert app.screen.query_one("#old", Input).value == str(two / "old"), "the newest stands first"
        assert app.focused is app.screen.query_one("#new", Input), "the other one is still to be named"
        await pilot.press("down", "up", "enter")
        assert app.screen.query_one("#new", Input).value == str(two / "new")
        await pilot.press("enter")
        await wait_until(pilot, "the comparison", lambda: isinstance(app.screen, CompareScreen))
        (old,) = (row.value for row in app.screen.query_one(Sheet).rows if row.label.strip() == "old")
        assert "…" in old.split(" · ")[0] and old.split(" · ")[0].endswith("/old"), "shortened in the middle"


async def test_the_packet_before_this_runs_own_stands_ready_too(session: Session, store: RunStore, two: Path) -> None:
    await session.write_packet(two / "mine")
    made = Session.create(store, session.deps)
    packet = session.run.packet
    assert packet
    earlier = packet.model_copy(update={"path": str(two / "old"), "at": "2026-01-01T00:00:00Z"})
    made.keep(made.run.model_copy(update={"packet": earlier}))
    await made.close()
    app = WeighbridgeApp(lambda: (session, store, ""))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, "the run is open", lambda: app.step_screen is not None)
        await ask(pilot)
        assert [app.screen.query_one(name, Input).value for name in ("#old", "#new")] == [
            str(two / "old"),
            str(two / "mine"),
        ]


async def test_the_packet_of_this_run_stands_ready_and_escape_compares_nothing(
    session: Session, store: RunStore, two: Path
) -> None:
    await session.write_packet(two / "mine")
    app = WeighbridgeApp(lambda: (session, store, ""))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, "the run is open", lambda: app.step_screen is not None)
        app.go("packet")
        await wait_until(pilot, "step 9", lambda: "Save again" in screen_text(app))
        await ask(pilot)
        assert app.screen.query_one("#new", Input).value == str(two / "mine")
        assert app.focused is app.screen.query_one("#old", Input), "the other one is still to be named"
        await pilot.press("escape")
        await wait_until(pilot, "back at the step", lambda: app.screen is app.step_screen)
        await pilot.press("ctrl+l")
        await wait_until(pilot, "the runs", lambda: isinstance(app.screen, RunsScreen))
        await pilot.press("c")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, AskTwo))
        assert app.screen.query_one("#old", Input).value == "", "no packet is compared with itself"
