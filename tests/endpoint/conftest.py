"""The real llama-server for these tests, and keys that no test leaves behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bad_server import BadServer
from real_servers import llama_server as llama_server

from weighbridge.services.endpoint import keys


@pytest.fixture(autouse=True)
def no_keys() -> Iterator[None]:
    """A typed key lives as long as the process: each test begins without one."""
    keys.forget()
    yield
    keys.forget()


@pytest.fixture
def bad() -> Iterator[BadServer]:
    """A server that does what the test says."""
    with BadServer() as server:
        yield server
