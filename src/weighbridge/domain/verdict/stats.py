"""Intervals and percentiles, said only where the count supports them, and the words for what a count can show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, exp, lgamma, log, sqrt
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


def _at_most(passed: int, total: int, share: float) -> float:
    """P(X <= passed) of a binomial with 0 < share < 1. Summed away from the mean, until a term no longer counts."""
    if passed >= share * total:
        return 1 - _at_most(total - passed - 1, total, 1 - share) if passed < total else 1.0
    coefficient = lgamma(total + 1) - lgamma(passed + 1) - lgamma(total - passed + 1)
    term = exp(coefficient + passed * log(share) + (total - passed) * log(1 - share))
    found, odds = 0.0, (1 - share) / share
    for k in range(passed, -1, -1):
        found += term
        if term < found * 1e-17:
            break
        term *= k / (total - k + 1) * odds
    return found


_HALVINGS = 60
"""Halvings of 0..1 until two neighbours are closer than a float tells apart."""


def _share_where(passed: int, total: int, tail: float) -> float:
    """The share at which P(X <= passed) is `tail`: it falls as the share grows, so halving finds it."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(passed, total, middle) > tail else (low, middle)
    return (low + high) / 2


@lru_cache(maxsize=64)
def clopper_pearson(passed: int, total: int, level: float = 0.95) -> Interval:
    """The "exact" interval (Clopper and Pearson 1934, Biometrika 26:404): never narrower than its level promises.

    Its ends are the shares at which a result this far up, or this far down, has the chance (1 - level) / 2.
    ValueError for total < 1.
    """
    if total < 1 or not 0 <= passed <= total:
        raise ValueError(f"no interval for {passed} of {total}")
    tail = (1 - level) / 2
    # P(X >= k) at share p is P(Y <= n - k) at 1 - p.
    low = 0.0 if passed == 0 else 1 - _share_where(total - passed, total, tail)
    high = 1.0 if passed == total else _share_where(passed, total, tail)
    return Interval(method="clopper-pearson", level=level, low=round(low, 4), high=round(high, 4))


def all_pass_bound(total: int, level: float = 0.95) -> float:
    """The least share that fits `total` of `total` at this level, one-sided: share**total = 1 - level.

    The one-sided Clopper-Pearson bound where nothing failed. ValueError for total < 1.
    """
    if total < 1:
        raise ValueError("no bound without a case")
    return float((1 - level) ** (1 / total))


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
RANGE_OF_MEDIAN_FROM = 6
"""From so many on, least and largest enclose the true median in 95 % of samples: 1 - 2 * 0.5**6 = 0.97."""
P90_FROM = 29
"""As `P95_FROM`, for the 90th percentile: 0.9**29 = 0.047."""
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


REPEATS = "Repeats show whether an answer is stable; they are not more cases, and make no interval narrower."


@lru_cache(maxsize=64)
def words_for(passed: int, total: int) -> tuple[str, ...]:
    """What `passed` of `total` can and cannot show, one sentence each. Without a case, that there is nothing to say."""
    if total < 1:
        return ("No case has a result: nothing can be said of a share.",)
    return (
        f"{passed} of {total} cases passed: 95 % interval {wilson(passed, total).text} (Wilson), "
        f"{clopper_pearson(passed, total).text} (Clopper-Pearson).",
        *_one_sided(passed, total),
        f"{total} chosen cases are no random sample: this speaks of cases like these, and of no others."
        if total > 1
        else "One chosen case is no random sample: it speaks of itself.",
        REPEATS,
        _percentiles(total),
    )


def _one_sided(passed: int, total: int) -> tuple[str, ...]:
    """The bound on one side, where all passed or none did."""
    bound = all_pass_bound(total) * 100
    if passed == total:
        every = f"All {total} passed" if total > 1 else "The one case passed"
        return (f"{every}: at 95 % at least {bound:.0f} % of cases like these would.",)
    if passed == 0:
        none = f"None of {total} passed" if total > 1 else "The one case failed"
        return (f"{none}: at 95 % at most {100 - bound:.0f} % of cases like these would.",)
    return ()


def _percentiles(total: int) -> str:
    """Which figures of a time or a rate this many cases support."""
    one_each = f"{total} latencies" if total > 1 else "One latency"
    if total < RANGE_OF_MEDIAN_FROM:
        return f"{one_each}: each is shown, beside median and range; no percentile can be told from so few."
    if total < P90_FROM:
        return f"{one_each}: median and range; p90 needs {P90_FROM} of them, p95 needs {P95_FROM}."
    if total < P95_FROM:
        return f"{one_each}: median, range and p90; p95 needs {P95_FROM} of them."
    return f"{one_each}: median, range, p90 and p95."
