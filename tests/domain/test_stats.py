"""Intervals and percentiles say what the count supports, and no more."""

from __future__ import annotations

from math import exp, fsum, lgamma, log

import pytest

from weighbridge.domain.verdict.stats import (
    P90_FROM,
    P95_FROM,
    all_pass_bound,
    clopper_pearson,
    p50,
    p95,
    percentile,
    wilson,
    words_for,
)

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


EXACT_OF_5 = {
    0: (0.0, 0.522),
    1: (0.005, 0.716),
    2: (0.053, 0.853),
    3: (0.147, 0.947),
    4: (0.284, 0.995),
    5: (0.478, 1.0),
}
"""Published values: Clopper-Pearson 95 % intervals of k of 5 (scipy.stats.binomtest(k, 5).proportion_ci() agrees)."""


@pytest.mark.parametrize(("passed", "ends"), EXACT_OF_5.items())
def test_the_exact_interval_of_five(passed: int, ends: tuple[float, float]) -> None:
    interval = clopper_pearson(passed, 5)
    assert (interval.low, interval.high) == pytest.approx(ends, abs=6e-4)
    assert interval.method == "clopper-pearson"


@pytest.mark.parametrize(("passed", "total"), [(7, 20), (1, 59), (58, 59), (10, 10_000), (5_000, 10_000)])
def test_the_ends_of_the_exact_interval_leave_two_and_a_half_percent_on_each_side(passed: int, total: int) -> None:
    """The whole tail is summed, term by term, half a digit below and above each end (which has four digits)."""
    interval = clopper_pearson(passed, total)
    for end, least in ((interval.low, passed), (1 - interval.high, total - passed)):
        below, above = (at_least(least, total, end + d) for d in (-6e-5, 6e-5))
        assert below <= 0.025 <= above


def at_least(least: int, total: int, share: float) -> float:
    """P(X >= least) for X binomial (total, share)."""
    if share <= 0:
        return 0.0
    odds = (lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1) for k in range(least, total + 1))
    return fsum(exp(c + k * log(share) + (total - k) * log(1 - share)) for k, c in enumerate(odds, least))


@pytest.mark.parametrize(("total", "bound"), [(5, 55), (10, 74), (12, 78), (20, 86), (59, 95)])
def test_all_passed_means_no_more_than_its_bound(total: int, bound: int) -> None:
    assert round(all_pass_bound(total) * 100) == bound
    assert all_pass_bound(total) ** total == pytest.approx(0.05)
    said = words_for(total, total)
    assert any(f"All {total} passed: at 95 % at least {bound} % of cases like these" in sentence for sentence in said)


def test_words_for_five_name_both_intervals_and_refuse_percentiles() -> None:
    said = " ".join(words_for(4, 5))
    assert "4 of 5 cases passed: 95 % interval 38–96 % (Wilson), 28–99 % (Clopper-Pearson)." in said
    assert "5 chosen cases are no random sample" in said and "not more cases" in said
    assert "no percentile" in said and "at least" not in said


@pytest.mark.parametrize(
    ("total", "words"),
    [(6, "p90 needs 29"), (28, "p90 needs 29"), (P90_FROM, "p90; p95 needs 59"), (P95_FROM, "p90 and p95")],
)
def test_a_percentile_is_promised_only_from_its_count_on(total: int, words: str) -> None:
    assert words in words_for(1, total)[-1]


def test_nothing_and_one_case_have_words_too() -> None:
    assert words_for(0, 0) == ("No case has a result: nothing can be said of a share.",)
    assert "The one case failed: at 95 % at most 95 %" in " ".join(words_for(0, 1))
    assert "None of 5 passed: at 95 % at most 45 % of cases like these would." in words_for(0, 5)
