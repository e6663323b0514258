"""A name for a run that is not open here."""

from __future__ import annotations

from weighbridge.domain.intents import Rename
from weighbridge.domain.run import Run
from weighbridge.services.runs.store import RunStore
from weighbridge.session.deps import Deps
from weighbridge.session.session import Session


async def rename(store: RunStore, deps: Deps, run_id: str, name: str) -> Run:
    """Opens the run, names it and gives it back; the time of its last work stays.

    BadInput; Refused while another weighbridge holds it.
    """
    session = Session.resume(store, deps, run_id)
    try:
        return session.apply(Rename(name=name))
    finally:
        await session.close()
