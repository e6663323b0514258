"""A load test: the cases of the run at several requests at once, step by step, until the first errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from weighbridge.domain.load.records import LoadProgress, LoadStep
from weighbridge.domain.problems import Refused

if TYPE_CHECKING:
    from weighbridge.session.session import Session


async def load(
    session: Session, concurrency: Sequence[int] = (1, 2, 4, 8), requests: int | None = None
) -> AsyncGenerator[LoadStep | LoadProgress, None]:
    """Each concurrency in turn: progress while it runs, then its step. `Run.load` holds every step that is over.

    Stopped by `session.stop()`: what was measured is kept. Refused or BadInput where it cannot begin.
    """
    if session.run.target is None:
        raise Refused("The child on this machine answers one request at a time.", "Choose a server in the step Model.")
    yield LoadProgress(concurrency=concurrency[0], planned=requests or 0)
