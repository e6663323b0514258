"""Which events of a recorded job are due at which moment: the clock of a replay, without a clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Literal

from weighbridge.domain.proof.events import Event, Heartbeat, Sample, Sensors, Spawned, Token, Trial

Speed = Literal["1", "10", "step"]
FACTORS: dict[Speed, float] = {"1": 1.0, "10": 10.0, "step": 0.0}
"""Recorded seconds for each second that passes."""
LONGEST_S = 5.0
"""Recorded seconds without an event that are waited for."""
_QUIET = (Sample, Sensors, Heartbeat, Spawned, Trial)
"""Events that nothing turns on."""


def of_interest(event: Event) -> bool:
    """Whether a step stops here: something begins, ends or is decided. Of the tokens the first alone."""
    return event.index == 0 if isinstance(event, Token) else not isinstance(event, _QUIET)


@dataclass
class Playback:
    """Hands out the events of one job in order. Time that runs backwards in a record stands still instead.

    A pause without an event, as of a machine that slept, is cut to `LONGEST_S`.
    """

    events: Sequence[Event]
    speed: Speed = "1"
    paused: bool = False
    _at: int = 0
    _clock_s: float = 0.0
    _times: list[float] = field(default_factory=list)
    _due: list[float] = field(default_factory=list)
    """As `_times`, without what is cut of the pauses: `_clock_s` is of this clock."""

    def __post_init__(self) -> None:
        self._times = list(accumulate((event.t for event in self.events), max))
        gaps = (min(after - before, LONGEST_S) for before, after in pairwise(self._times))
        self._due = list(accumulate(gaps, initial=self._times[0])) if self._times else []
        self.rewind()

    @property
    def ended(self) -> bool:
        return self._at >= len(self.events)

    @property
    def clock_s(self) -> float:
        """The moment of the job that is shown, in its own seconds."""
        if not self._at:
            return self._clock_s
        return self._times[self._at - 1] + self._clock_s - self._due[self._at - 1]

    @property
    def left_out_s(self) -> float:
        """What is cut of the pause before the next event."""
        if not self._at or self.ended:
            return 0.0
        return max(0.0, self._times[self._at] - self._times[self._at - 1] - LONGEST_S)

    @property
    def length_s(self) -> float:
        return self._times[-1] if self._times else 0.0

    @property
    def moves(self) -> bool:
        """Whether time passes."""
        return not self.paused and not self.ended and FACTORS[self.speed] > 0

    def advance(self, seconds: float) -> Sequence[Event]:
        """So many seconds have passed: the events that are due since. None while it is paused or stepped."""
        if not self.moves:
            return ()
        self._clock_s += seconds * FACTORS[self.speed]
        end = self._at
        while end < len(self.events) and self._due[end] <= self._clock_s:
            end += 1
        return self._until(end)

    def wait_s(self) -> float | None:
        """Seconds until the next event is due; None where time does not pass."""
        if not self.moves:
            return None
        return max(0.0, self._due[self._at] - self._clock_s) / FACTORS[self.speed]

    def step(self) -> Sequence[Event]:
        """Everything up to the next event of interest, and that one."""
        end = self._at
        while end < len(self.events):
            end += 1
            if of_interest(self.events[end - 1]):
                break
        return self._jump(end)

    def finish(self) -> Sequence[Event]:
        """All that is left."""
        return self._jump(len(self.events))

    def rewind(self) -> None:
        """Back to the first event; who draws the job begins anew."""
        self._at = 0
        self._clock_s = self._due[0] if self._due else 0.0

    def _jump(self, end: int) -> Sequence[Event]:
        if end > self._at:
            self._clock_s = max(self._clock_s, self._due[end - 1])
        return self._until(end)

    def _until(self, end: int) -> Sequence[Event]:
        due = self.events[self._at : end]
        self._at = end
        if self.ended:
            self._clock_s = min(self._clock_s, self._due[-1]) if self._due else 0.0
        return due
