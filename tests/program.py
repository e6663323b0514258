"""How tests start the real program in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weighbridge.domain.run import Run

DATA = Path(__file__).resolve().parent / "data"
Cli = Callable[..., subprocess.CompletedProcess[str]]
Typed = Callable[..., "tuple[int, str, Run]"]
"""Walks the line prompts with these lines typed: exit code, what was said, the run as saved."""
STEPS_1_2 = "\n" * 8
"""Enter at seven questions and at the route."""


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "weighbridge", *args]


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with a data folder of its own."""
    return {**os.environ, "WEIGHBRIDGE_HOME": str(home), **(extra or {})}


def pressing_when_something_came(home: Path) -> threading.Thread:
    """Presses ctrl+c in this process as soon as a part of a model is on the disk; gives up after two minutes."""

    def press() -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if any(part.stat().st_size for part in home.rglob("*.part")):
                os.kill(os.getpid(), signal.SIGINT)
                return
            time.sleep(0.01)

    thread = threading.Thread(target=press)
    thread.start()
    return thread
