"""A session together with the event loop that its work needs, for verbs that are not interactive themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from weighbridge.domain.problems import Problem
from weighbridge.plain import diagnostics
from weighbridge.services.runs.store import RunStore
from weighbridge.session.deps import Deps
from weighbridge.session.session import Session

STALE_S = 60.0
"""So old a scratch run is that nobody holds, it was left by a program that was killed."""


@contextmanager
def new_session(deps: Deps) -> Iterator[tuple[Session, asyncio.Runner]]:
    """A new run. At the end nothing of it runs any more; a run in which nothing has run is not kept."""
    store = RunStore(deps.home)
    session = Session.create(store, deps)
    try:
        yield from _at_work(session)
    finally:
        if not (session.events() or session.run.packet or session.run.load or session.run.rentals):
            store.delete(session.run.id)


@contextmanager
def kept_session(deps: Deps, run_id: str = "") -> Iterator[tuple[Session, asyncio.Runner]]:
    """A run that is kept although nothing has run here: the one of that id, or a new one unless something failed."""
    store = RunStore(deps.home)
    session = Session.resume(store, deps, run_id) if run_id else Session.create(store, deps)
    try:
        yield from _at_work(session)
    except BaseException:
        if not run_id:
            store.delete(session.run.id)
        raise


@contextmanager
def scratch_session(deps: Deps) -> Iterator[tuple[Session, asyncio.Runner]]:
    """A session for a verb that has no run to keep: it never stands among the runs, even if the program is killed."""
    store = RunStore(deps.home / "scratch")
    _sweep(store)
    session = Session.create(store, deps)
    try:
        yield from _at_work(session)
    finally:
        store.delete(session.run.id)


def _at_work(session: Session) -> Iterator[tuple[Session, asyncio.Runner]]:
    with diagnostics.hub_told(), asyncio.Runner() as runner:
        try:
            yield session, runner
        finally:
            runner.run(session.close())


def _sweep(store: RunStore) -> None:
    """Deletes what killed programs left. One that is held, or was just begun, stays."""
    with suppress(OSError):
        for folder in store.runs.iterdir():
            with suppress(OSError, Problem):
                if folder.stat().st_mtime < time.time() - STALE_S:
                    store.delete(folder.name)
