"""How fast bytes come: the rate of the last seconds, so that it follows the network."""

from __future__ import annotations

from collections import deque

WINDOW_S = 5.0
LEAST_S = 0.5
"""A rate over less time would be noise, so none is told."""


class Rate:
    """Bytes a second over a sliding window. It begins with the first byte that comes after the first mark.

    What was there before is not counted, nor the time until then: a part that is resumed is read again first.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._moves = False

    def mark(self, now: float, done: int) -> float | None:
        """The rate after `done` bytes in all, `now` in seconds; None while too little is known, 0 where none came."""
        last = self._marks[-1][1] if self._marks else done
        self._moves = done > last or (self._moves and done == last)
        if not self._moves:
            # Nothing has come yet, or it begins anew with less.
            self._marks.clear()
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] <= now - WINDOW_S:
            self._marks.popleft()
        then, before = self._marks[0]
        return max(0, done - before) / (now - then) if now - then >= LEAST_S else None
