"""The built-in tables, read once."""

from __future__ import annotations

import pytest

from weighbridge.domain.route.table import Tables
from weighbridge.services.tables import load_tables


@pytest.fixture(scope="session")
def tables() -> Tables:
    return load_tables()
