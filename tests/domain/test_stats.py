"""Intervals and percentiles say what the count supports, and no more."""

from __future__ import annotations

import pytest

from weighbridge.domain.verdict.stats import P95_FROM, p50, p95, percentile, wilson

WILSON_OF_5 = {
    0: (0.0, 0.434),
    1: (0.036, 0.624),
    2: (0.118, 0.769),
    3: (0.231, 0.882),
    4: (0.376, 0.964),
    5: (0.566, 1.0),
}
"""Published values: Wilson 95 % intervals of k of 5, three digits (scipy.stats.binomtest agrees)."""


@pytest.mark.parametrize(("passed", "ends"), WILSON_OF_5.items())
def test_wilson_of_five(passed: int, ends: tuple[float, float]) -> None:
    interval = wilson(passed, 5)
    assert (interval.low, interval.high) == pytest.approx(ends, abs=6e-4)


@pytest.mark.parametrize(("passed", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_proportion(passed: int, total: int) -> None:
    with pytest.raises(ValueError, match="no interval"):
        wilson(passed, total)


def test_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([3.0, 1.0, 2.0, 4.0], 0.5) == 2.0
    assert percentile([], 0.5) is None
    assert p50([]) is None


def test_p95_needs_enough_values() -> None:
    values = [float(i) for i in range(P95_FROM)]
    assert p95(values[:-1]) is None
    assert p95(values) == 56.0
