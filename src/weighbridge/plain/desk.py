"""A session together with the event loop that its work needs, for verbs that are not interactive themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from weighbridge.plain import diagnostics
from weighbridge.services.store import RunStore
from weighbridge.session.deps import Deps
from weighbridge.session.session import Session


@contextmanager
def new_session(deps: Deps) -> Iterator[tuple[Session, asyncio.Runner]]:
    """A new run. At the end nothing of it runs any more; a run in which nothing has run is not kept."""
    store = RunStore(deps.home)
    session = Session.create(store, deps)
    try:
        with diagnostics.hub_told(), asyncio.Runner() as runner:
            try:
                yield session, runner
            finally:
                runner.run(session.close())
    finally:
        if not session.events() and session.run.packet is None:
            store.delete(session.run.id)
