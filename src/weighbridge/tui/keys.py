"""Keys in their order: one acts once the ones before it have."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from textual.message_pump import MessagePump

CATCH_UP_S = 1.0
"""Longest wait of a key for the keys before it."""


async def caught_up(pump: MessagePump | None) -> None:
    """Waits until a widget has handled the messages that it was sent so far, at most for a moment."""
    done = asyncio.Event()
    if pump is not None and pump.is_running and pump.call_later(done.set):
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), CATCH_UP_S)
