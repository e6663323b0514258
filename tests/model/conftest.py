"""Fixtures that hand out the crafted GGUF files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gguf_craft import craft_file, read_bytes

from weighbridge.domain.model.gguf_types import GgufHeader


@pytest.fixture(scope="session")
def craft() -> Callable[..., bytes]:
    return craft_file


@pytest.fixture(scope="session")
def read() -> Callable[[bytes], GgufHeader]:
    return read_bytes
