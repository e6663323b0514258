"""The real llama-server for these tests, and keys that no test leaves behind."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

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


@pytest.fixture(autouse=True)
def no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names below .invalid are not looked up outside: some networks find every name, and some take minutes for it."""
    look_up = socket.getaddrinfo

    def looked_up(host: Any, *args: Any, **known: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **known)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


@pytest.fixture
def bad() -> Iterator[BadServer]:
    """A server that does what the test says."""
    with BadServer() as server:
        yield server
