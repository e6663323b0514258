"""Comparing two packets from the wizard: asked for, read beside the screen, shown."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge.domain.problems import Problem
from weighbridge.tui.widgets.status_line import Notice

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp


def compare(app: WeighbridgeApp, old: str = "") -> None:
    """Begins it; the wizard goes on meanwhile. `old`: a packet to begin with."""
    app.run_worker(_compare_two(app, old), group="compare", exclusive=True)


async def _compare_two(app: WeighbridgeApp, old: str) -> None:
    """Asks for two packets, checks and compares them. What goes wrong is said; the run is not touched."""
    from weighbridge.session.runs.run_list import known_packets, packet_before
    from weighbridge.tui.screens.dialogs.ask_two import AskTwo

    packet = app.session.run.packet
    new = packet.path if packet else ""
    known = await asyncio.to_thread(known_packets, app.store)
    old = old if old and old != new else packet_before(known, new)
    typed = await app.push_screen_wait(AskTwo(old, new, known))
    if typed is None:
        return
    from weighbridge.session.packets.comparing import compare_packets
    from weighbridge.tui.screens.beside.compare import CompareScreen

    app.tell(Notice("Checking both packets."))
    try:
        found = await asyncio.to_thread(compare_packets, *(Path(name).expanduser() for name in typed))
    except Problem as problem:
        app.tell(Notice.of(problem))
        return
    app.tell(None)
    app.push_screen(CompareScreen(found))
