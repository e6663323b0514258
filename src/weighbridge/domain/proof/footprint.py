"""What the samples of one child say of its memory, faults and processor time, folded into one figure each."""

from __future__ import annotations

from weighbridge.domain.proof.events import Conditions, Sample, Spawned

_FIGURES = ("rss_anon_bytes", "rss_file_bytes", "uss_bytes", "pss_bytes", "minor_faults", "major_faults", "cpu_s")
_LEAST_S = 1.0
"""A share of a shorter time would be that of the first reading alone."""
_NEWEST = (*_FIGURES, "load1", "cost_s")
"""Fields of which the newest known value counts; not every sample has each."""


class FootprintFold:
    """Takes the samples of one child. Constant memory."""

    def __init__(self) -> None:
        self._newest: dict[str, float] = {}
        self._peak: int | None = None
        self._swap: int | None = None
        self._spawned: float | None = None
        self._cost_at = 0.0
        self._load_after: float | None = None

    def add(self, event: Spawned | Sample | Conditions) -> None:
        match event:
            case Spawned():
                self._spawned = event.t
            case Sample():
                self._sample(event)
            case Conditions() if event.when == "after":
                self._load_after = event.load1
            case _:
                pass

    def _sample(self, event: Sample) -> None:
        self._newest.update({name: value for name in _NEWEST if (value := getattr(event, name)) is not None})
        self._peak = max(self._peak or 0, event.peak_rss_bytes or event.rss_bytes)
        if event.swap_bytes is not None:
            self._swap = max(self._swap or 0, event.swap_bytes)
        if event.cost_s is not None:
            self._cost_at = event.t

    def figures(self) -> dict[str, float | None]:
        """Fields of `JobFigures` by name."""
        newest = self._newest
        return {
            **{name: newest.get(name) for name in _FIGURES},
            "peak_rss_bytes": self._peak,
            "swap_bytes": self._swap,
            "sampler_percent": self._sampler_percent(),
            "load1_after": newest.get("load1") if self._load_after is None else self._load_after,
        }

    def _sampler_percent(self) -> float | None:
        cost = self._newest.get("cost_s")
        if cost is None or self._spawned is None or self._cost_at - self._spawned < _LEAST_S:
            return None
        return round(100 * cost / (self._cost_at - self._spawned), 3)
