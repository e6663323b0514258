"""Bytes that come or are read: how far, how fast, and how long still. Pulled by a timer, never pushed."""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.domain.rate import Rate
from weighbridge.tui.widgets.figures import elapsed, mib


class Transfer:
    """One file on its way. `progress` is called in the thread that moves the bytes, the rest in the wizard's own."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self.name = name
        self._clock = clock
        self._rate = Rate()
        self.done = 0
        self.total = 0

    def progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    @property
    def percent(self) -> str:
        return f"{100 * self.done // self.total} %" if self.total else ""

    def words(self) -> str:
        """`45 of 94 MiB · 31 MiB/s · 1.6 s left`; empty before the first byte."""
        if not self.total:
            return ""
        parts = [f"{self.done / 2**20:,.0f} of {mib(self.total)}"]
        rate = self._rate.mark(self._clock(), self.done)
        if rate:
            parts += [f"{rate / 2**20:,.1f} MiB/s", f"{elapsed((self.total - self.done) / rate)} left"]
        elif rate is not None:
            parts.append("waiting for data")
        return " · ".join(parts)
