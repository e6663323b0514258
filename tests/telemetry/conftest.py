"""The real llama-server, and one that does what the test says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bad_server import BadServer
from real_servers import llama_server as llama_server


@pytest.fixture
def bad() -> Iterator[BadServer]:
    with BadServer() as server:
        yield server
