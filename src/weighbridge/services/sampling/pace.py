"""How often a process is sampled: a job of any length keeps a bounded number of samples."""

from __future__ import annotations

STEADY = 10_000
"""Samples at the wished interval; then it doubles with every further `BLOCK` of them."""
BLOCK = 1_000
MOST_SAMPLES = 20_000
"""At an interval of 0.2 s so many are reached after more than four days."""


class Pace:
    """Says when the next sample is due. `interval_s`: wished time between two."""

    def __init__(self, interval_s: float) -> None:
        self._wished = interval_s
        self._taken = 0
        self._next: float | None = None

    @property
    def interval_s(self) -> float:
        """Time to the next sample, at the present age."""
        doublings = max(0, (self._taken - STEADY) // BLOCK + 1) if self._taken >= STEADY else 0
        return float(self._wished * 2**doublings)

    def due(self, t: float) -> bool:
        """Whether to sample at time `t`, which is then counted. To be asked about every `interval_s` seconds.

        Half an interval of slack: a timer that comes a moment early is not made to wait for its next turn.
        """
        if self._next is not None and t < self._next - self._wished / 2:
            return False
        self._next = t + self.interval_s
        self._taken += 1
        return True
