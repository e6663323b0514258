"""How tests start the real program in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"
Cli = Callable[..., subprocess.CompletedProcess[str]]


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "weighbridge", *args]


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with a data folder of its own."""
    return {**os.environ, "WEIGHBRIDGE_HOME": str(home), **(extra or {})}
