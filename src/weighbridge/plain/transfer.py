"""Bytes that come or are read: a line with rate and time left, every few seconds or repainted in place."""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.domain.rate import Rate
from weighbridge.plain import diagnostics

LINE_EVERY_S = 3.0
"""Least time between two lines where nothing can be repainted."""
PAINT_EVERY_S = 0.1
_MIB = 1 << 20

Clock = Callable[[], float]


class Meter:
    """Tells the progress of one transfer. Called in the thread that moves the bytes.

    `write` takes a line for good. Without it the line goes to standard error, repainted where that is a terminal.
    """

    def __init__(self, what: str, clock: Clock, write: Callable[[str], None] | None = None) -> None:
        self._what, self._clock = what, clock
        self._painted = write is None and diagnostics.can_repaint()
        self._write = write or diagnostics.note
        self._every = PAINT_EVERY_S if self._painted else LINE_EVERY_S
        self._rate = Rate()
        self._said = clock() - (self._every if self._painted else 0)
        self.done: int | None = None
        """Bytes at the last call; None before the first."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` bytes are there."""
        self.done = done
        rate = self._rate.mark(self._clock(), done)
        if self._clock() - self._said < self._every:
            return
        self._said = self._clock()
        if self._painted:
            diagnostics.repaint(self._line(done, total, rate))
        else:
            self._write(self._line(done, total, rate))

    def close(self) -> None:
        """Leaves the repainted line behind, if there is one."""
        if self._painted and self.done is not None:
            diagnostics.end_painting()

    def _line(self, done: int, total: int, rate: float | None) -> str:
        parts = [f"{self._what}: {done / _MIB:,.0f} of {total / _MIB:,.0f} MiB ({100 * done // max(1, total)} %)"]
        if rate:
            parts += [f"{rate / _MIB:,.1f} MiB/s", f"{duration((total - done) / rate)} left"]
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Whole seconds, minutes or hours, rounded up: 42 s, 3 min 05 s, 1 h 10 min."""
    whole = max(0, int(-(-seconds // 1)))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
