"""Bytes that come or are read: a line with rate and time left, every few seconds or repainted in place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from weighbridge.plain import diagnostics

LINE_EVERY_S = 3.0
"""Least time between two lines where nothing can be repainted."""
PAINT_EVERY_S = 0.1
WINDOW_S = 5.0
"""The rate is that of the last seconds, so that it follows the network."""
_LEAST_S = 0.5
"""A rate over less time would be noise, so none is told."""
_MIB = 1 << 20

Clock = Callable[[], float]


class Rate:
    """Bytes a second over a sliding window. What was there before the first mark is not counted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, done: int) -> float | None:
        """The rate after `done` bytes in all; None while too little is known."""
        now = self._clock()
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - WINDOW_S:
            self._marks.popleft()
        then, before = self._marks[0]
        return (done - before) / (now - then) if now - then >= _LEAST_S and done > before else None


class Meter:
    """Tells the progress of one transfer. Called in the thread that moves the bytes.

    `write` takes a line for good. Without it the line goes to standard error, repainted where that is a terminal.
    """

    def __init__(self, what: str, clock: Clock, write: Callable[[str], None] | None = None) -> None:
        self._what, self._clock = what, clock
        self._painted = write is None and diagnostics.can_repaint()
        self._write = write or diagnostics.note
        self._every = PAINT_EVERY_S if self._painted else LINE_EVERY_S
        self._rate = Rate(clock)
        self._said = clock() - (self._every if self._painted else 0)
        self.done: int | None = None
        """Bytes at the last call; None before the first."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` bytes are there."""
        self.done = done
        rate = self._rate.mark(done)
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
        if rate is not None:
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
