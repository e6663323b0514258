"""The noise of an eval: what the machine was doing while the cases ran that have a result."""

from __future__ import annotations

from weighbridge.domain.proof.events import Attempt, Event, Mode
from weighbridge.domain.proof.noise import Noise, NoiseFold


class ResultNoise:
    """Takes the events of an eval's jobs in order.

    The mark is that of the newest job that came to a result. A job may need several children, where the engine dies
    within a case: one of them that was disturbed makes the job contended. Children of another mode than the newest
    count no more than their results do.
    """

    def __init__(self) -> None:
        self._child = NoiseFold()
        self._mode: Mode | None = None
        self._came = False
        self._job: Noise | None = None
        self._earlier: Noise | None = None

    def add(self, event: Event, came: bool) -> None:
        """Takes one event in; `came`: it brought the result of a case."""
        if isinstance(event, Attempt):
            before = self._so_far()
            if event.number == 1:
                self._earlier, before = before or self._earlier, None
            self._job = before if event.mode == self._mode else None
            self._mode, self._came = event.mode, False
        self._child.add(event)
        self._came |= came

    def result(self) -> Noise | None:
        """None before a case has its result."""
        return self._so_far() or self._earlier

    def _so_far(self) -> Noise | None:
        """Of the present job."""
        return _worse(self._job, self._child.result()) if self._came else self._job


def _worse(one: Noise | None, other: Noise) -> Noise:
    """The contended one; of two that are alike the one with more samples behind it."""
    if one is None:
        return other
    return max(one, other, key=lambda noise: (noise.mark == "contended", noise.sampled_s))
