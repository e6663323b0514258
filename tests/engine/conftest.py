"""The real engine with the real bundled model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from engine_rig import Rig


@pytest.fixture
async def rig(bundled_path: Path, tmp_path: Path) -> AsyncIterator[Rig]:
    """Makes runtimes and stops every one of them afterwards."""
    made = Rig(bundled_path, tmp_path)
    yield made
    for runtime in made.made:
        await runtime.stop()
