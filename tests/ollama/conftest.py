"""The contract server, at the address that OLLAMA_HOST names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ollama.contract import ContractServer


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[ContractServer]:
    with ContractServer() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.address.removeprefix("http://"))
        yield server
