"""A session whose model a scripted server answers for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from load.rig import SERVED, ScriptedServer

from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session


@pytest.fixture
def server() -> ScriptedServer:
    return ScriptedServer()


@pytest.fixture
async def served(store: RunStore, deps: Deps, server: ScriptedServer) -> AsyncIterator[Session]:
    """A run with the built-in cases and a model behind the scripted server."""
    session = Session.create(store, replace(deps, runtime=server.factory))
    session.keep(session.run.model_copy(update={"model": SERVED}))
    yield session
    await session.close()
