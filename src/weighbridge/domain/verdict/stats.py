"""Intervals and percentiles, said only where the count supports them."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import NormalDist, median

from weighbridge.domain.base import Record


class Interval(Record):
    """A confidence interval of a proportion, both ends in 0..1."""

    method: str = "wilson"
    level: float = 0.95
    low: float
    high: float

    @property
    def text(self) -> str:
        return f"{self.low * 100:.0f}–{self.high * 100:.0f} %"


def wilson(passed: int, total: int, level: float = 0.95) -> Interval:
    """Wilson score interval of `passed` of `total` (Wilson 1927, JASA 22:209). ValueError for total < 1."""
    if total < 1 or not 0 <= passed <= total:
        raise ValueError(f"no interval for {passed} of {total}")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = passed / total
    scale = 1 + z * z / total
    centre = (share + z * z / (2 * total)) / scale
    half = z / scale * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return Interval(level=level, low=round(max(0.0, centre - half), 4), high=round(min(1.0, centre + half), 4))


def percentile(values: Sequence[float], share: float) -> float | None:
    """Nearest-rank percentile: the smallest value with at least `share` of the values at or below it."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def p50(values: Sequence[float]) -> float | None:
    """The median, from one value on."""
    return median(values) if values else None


DOTS_BELOW = 6
"""With fewer values each is shown by itself, beside median and range."""
P95_FROM = 59
"""With fewer values the largest one is below the true p95 in more than 5 % of samples: 0.95**59 = 0.048."""


def p95(values: Sequence[float]) -> float | None:
    """The 95th percentile; None below `P95_FROM` values, where the maximum is the honest figure."""
    return percentile(values, 0.95) if len(values) >= P95_FROM else None


class Spread(Record):
    """Some values of one figure: how many, and what may be said of so many."""

    n: int
    median: float
    low: float
    high: float
    p95: float | None = None
    """None below `P95_FROM` values."""
    dots: tuple[float, ...] = ()
    """Every value in the order of its coming, where there are fewer than `DOTS_BELOW`."""


def spread(values: Sequence[float]) -> Spread | None:
    """Count, median and range; p95 from 59 values on. None without a value."""
    if not values:
        return None
    ordered = sorted(values)
    return Spread(
        n=len(ordered),
        median=median(ordered),
        low=ordered[0],
        high=ordered[-1],
        p95=p95(ordered),
        dots=tuple(values) if len(ordered) < DOTS_BELOW else (),
    )
