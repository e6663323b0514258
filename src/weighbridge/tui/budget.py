"""How often what moves is repainted: as often as its measured cost allows, so that the engine keeps the processor."""

from __future__ import annotations

import time
from dataclasses import dataclass

LEAST_S, MOST_S = 0.5, 1.0
"""Figures that change twice a second can be read; those that stand for longer than a second look dead."""
SHARE = 0.01
"""Of one core."""


@dataclass
class Budget:
    """Measures repaints by the processor time of the thread that draws. `interval_s` is the time until the next."""

    interval_s: float = LEAST_S
    _begun_s: float | None = None

    def begin(self) -> None:
        self._begun_s = time.thread_time()

    def end(self) -> None:
        """The repaint is on the screen. A costly one makes the next ones rarer, by halves towards what it allows."""
        if self._begun_s is not None:
            self.spend(time.thread_time() - self._begun_s)
            self._begun_s = None

    def spend(self, cost_s: float) -> None:
        """Takes the cost of one repaint in."""
        wished = min(MOST_S, max(LEAST_S, cost_s / SHARE))
        self.interval_s = round((self.interval_s + wished) / 2, 3)
