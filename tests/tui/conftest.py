"""The wizard on a fresh run with a scripted runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from steering import Launch, wait_until
from textual.pilot import Pilot

from weighbridge.services.store import RunStore
from weighbridge.session import Session
from weighbridge.tui.app import WeighbridgeApp


@pytest.fixture
def launch(session: Session, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> Launch:
    """`async with launch() as pilot:` opens the wizard on the run of this test, in the test's own folder."""
    monkeypatch.chdir(store.home.parent)

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
        app = WeighbridgeApp(lambda: (session, store, ""))
        async with app.run_test(size=size) as pilot:
            await wait_until(pilot, "the run is open", lambda: app.step_screen is not None)
            yield pilot

    return opened
