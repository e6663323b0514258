"""Judges by its heartbeats whether the child lives and gets somewhere. Arithmetic only: times are given."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.domain.proof.events import (
    Completed,
    Event,
    Failed,
    Heartbeat,
    Loaded,
    Ready,
    RequestStarted,
    Swept,
    Token,
)
from weighbridge.domain.proof.settings import Request
from weighbridge.services.engine.child_wire import TEMPLATE_HARD_LIMIT_S, TIME_LIMIT_GRACE_S

AWAY_S = 2.0
"""A gap between two looks after which the supervisor itself was asleep and may not judge."""


@dataclass
class Watch:
    """`silence_s`: no heartbeat for so long means hung. `stuck_s`: heartbeats, but no batch and no token."""

    silence_s: float
    stuck_s: float
    phase: str = "start"
    _heard: float | None = None
    _moved: float | None = None
    _looked: float | None = None
    _progress: int = -1
    _limit_s: float | None = None
    _due: float | None = None

    def ask(self, t: float, request: Request) -> None:
        """A request is handed over at `t`. Its time limit begins once it is tokens; a first check of kept beginnings
        goes before, and has no limit of its own."""
        self.phase = "warm-up" if request.warmup else "prefill"
        self._limit_s = limit = request.time_limit_s
        before = None if limit is None or request.reuse_prefix else t + TEMPLATE_HARD_LIMIT_S
        self._due = None if limit is None or before is None else before + limit + TIME_LIMIT_GRACE_S

    def hear(self, t: float, event: Event) -> None:
        """An event of the child arrived; anything but a heartbeat that repeats itself is progress."""
        self._heard = t
        if not isinstance(event, Heartbeat):
            self._moved, self.phase = t, _phase_after(event, self.phase)
        elif event.progress != self._progress or event.phase == "idle":
            self._moved, self._progress = t, event.progress
        if isinstance(event, RequestStarted) and self._limit_s is not None:
            self._due = event.t + self._limit_s + TIME_LIMIT_GRACE_S
        elif isinstance(event, Completed | Failed):
            self._limit_s = self._due = None

    def overdue(self, t: float) -> str | None:
        """One sentence where an answer has not ended by itself at its time limit; to be asked before `complaint`."""
        away = self._looked is None or t - self._looked > AWAY_S
        if away or self._due is None or t <= self._due:
            return None
        return (
            f"The answer did not end at its time limit of {self._limit_s:g} s, nor within {TIME_LIMIT_GRACE_S:g} s "
            "more, so the engine's process was ended."
        )

    def complaint(self, t: float) -> str | None:
        """One sentence if the child hangs at time `t`, otherwise None. To be asked several times a second."""
        away = self._looked is None or t - self._looked > AWAY_S
        self._looked = t
        if away or self._heard is None or self._moved is None:
            self._heard = self._moved = t
            self._due = None if self._due is None else max(self._due, t + TIME_LIMIT_GRACE_S)
            return None
        if t - self._heard > self.silence_s:
            return f"The engine's process has not answered for {t - self._heard:.0f} s."
        if t - self._moved > self.stuck_s:
            return f"The engine has computed nothing for {t - self._moved:.0f} s."
        return None


def _phase_after(event: Event, phase: str) -> str:
    """What the child does next, so that a sudden death is told with the phase it happened in."""
    match event:
        case Ready():
            return "load"
        case Loaded():
            return "sweep"
        case Swept() | Completed() | Failed():
            return "idle" if not isinstance(event, Failed) or event.survived else phase
        case RequestStarted():
            return "warm-up" if event.warmup else "prefill"
        case Token() if phase == "prefill":
            return "decode"
        case _:
            return phase
