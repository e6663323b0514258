"""Choosing a model with a line of progress for big files, and an end to the hashing on ctrl+c."""

from __future__ import annotations

import threading

from weighbridge.plain import diagnostics
from weighbridge.session.session import Session

_STEP = 1 << 30
"""Progress is told each time so many more bytes were read."""


async def choose(session: Session, spec: str) -> None:
    """The session's model becomes `spec`. BadInput or OutsideFailed say why not."""
    cancelled = threading.Event()
    told = 0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if done >= told + _STEP and done < total:
            told = done
            diagnostics.note(f"sha256: {done / 2**20:,.0f} of {total / 2**20:,.0f} MiB read")

    try:
        await session.choose_model(spec, progress, cancelled)
    finally:
        cancelled.set()
