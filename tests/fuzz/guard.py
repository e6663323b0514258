"""A limit on the CPU time of one input, which also ends a loop that never would."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

CPU_LIMIT_S = 5.0


class TooSlow(Exception):
    """One input took longer than any input may."""


@contextmanager
def hang_guard(limit_s: float = CPU_LIMIT_S) -> Iterator[None]:
    """Raises TooSlow inside the block once this process has worked on it for that many CPU seconds."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"an input took more than {limit_s} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
