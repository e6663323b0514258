"""What the child does where another program takes a core in the middle of an answer.

Threads that wait for each other by spinning are fastest on a quiet machine and collapse on a busy one: one that has
lost its core keeps all the others from going on, and they keep it from getting one. A single thread waits for nobody.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import llama_cpp.llama_cpp as C

from weighbridge.services.engine.child_wire import Wire

FACTOR = 3.0
"""A token that takes so many times as long as usual is slow. To lose one core of two would cost half the rate."""
IN_A_ROW = 4
"""Slow tokens that follow each other: a single one may be a page fault or a longer nap of the machine."""
SLIDE = 0.02
"""Weight of the newest token in what is usual: attention takes longer the longer the text gets."""


class Collapse:
    """Goes on with one thread after a collapse, once. Only threads that were measured are changed, never fixed ones."""

    def __init__(self, context: Any, swept: dict[str, Any], wire: Wire) -> None:
        self._context, self._wire = context, wire
        self._threads = swept["n_threads"]
        own = [t for t in swept.get("trials", ()) if t["phase"] == "decode" and t["n_threads"] == self._threads]
        rates = [t["tokens_per_s"] for t in own if t["tokens_per_s"] > 0]
        self._usual_s = 1 / median(rates) if rates and self._threads > 1 else None
        self._last: float | None = None
        self._slow = 0

    def begin(self) -> None:
        """An answer begins: the next token has none before it."""
        self._last, self._slow = None, 0

    def token(self, t: float) -> None:
        """A token appeared at `t`, seconds."""
        before, self._last = self._last, t
        if self._usual_s is None or before is None:
            return
        gap = t - before
        if gap <= FACTOR * self._usual_s:
            self._usual_s += SLIDE * (gap - self._usual_s)
            self._slow = 0
            return
        self._slow += 1
        if self._slow == IN_A_ROW:
            C.llama_set_n_threads(self._context, 1, 1)
            usual, self._usual_s = self._usual_s, None
            self._wire.send("threads_lowered", t, n_threads_before=self._threads, n_threads=1, gap_s=gap, usual_s=usual)
