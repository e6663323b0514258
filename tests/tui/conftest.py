"""The wizard on a fresh run with a scripted runtime, and a Hub for it to ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from gguf_craft import craft_file
from hub_steps import CARD, TINY
from steering import Launch, wait_until
from textual.pilot import Pilot

from weighbridge.domain.intents import Confirm
from weighbridge.services.hub.hub import Hub
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.session.model import hub_files
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


@pytest.fixture
def hub(session: Session, home: Path) -> Iterator[FakeHub]:
    """A Hub on loopback with a few repositories, which the session asks through the real client; step 3 is next."""
    model = craft_file()
    with FakeHub() as fake:
        files = {f"tiny.{label}.gguf": model for label in ("Q4_K_M", "Q8_0")}
        fake.add(TINY, {"README.md": CARD, **files}, downloads=12_345, likes=45)
        fake.add("acme/other-GGUF", {"README.md": "# Other", "other.Q4_0.gguf": model})
        fake.add("acme/gated-GGUF", {"README.md": "# Gated", "gated.Q4_0.gguf": model}, gated="manual")
        fake.add("acme/no-models", {"README.md": "# Nothing"})
        session.deps = replace(session.deps, hub=Hub(home, fake.endpoint, 20.0))
        session.apply(Confirm(step="constraints"))
        session.apply(Confirm(step="route"))
        yield fake
    hub_files.forget()
