"""Two evals of the same cases: what changed, and that few changes prove nothing."""

from __future__ import annotations

from math import comb

import pytest

from weighbridge.domain.verdict.paired import LEAST_FLIPS, mcnemar, paired


@pytest.mark.parametrize(
    ("fixed", "broken", "p"),
    [
        (0, 0, 1.0),
        (1, 0, 1.0),
        (5, 0, 0.0625),
        (0, 6, 0.03125),
        (3, 9, 0.14599609375),
        (5, 5, 1.0),
        (10, 2, 158 / 4096),
    ],
)
def test_exact_p_of_known_pairs(fixed: int, broken: int, p: float) -> None:
    """scipy.stats.binomtest(min(b, c), b + c).pvalue gives the same."""
    assert mcnemar(fixed, broken) == pytest.approx(p, abs=1e-12) == mcnemar(broken, fixed)


def test_p_is_the_sum_of_both_tails() -> None:
    for n in range(1, 30):
        for b in range(n + 1):
            tail = sum(comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= abs(2 * b - n))
            assert mcnemar(b, n - b) == pytest.approx(tail / 2**n)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="no test"):
        mcnemar(-1, 2)


def test_fewer_than_six_changes_never_reach_five_percent() -> None:
    assert LEAST_FLIPS == 6
    assert min(mcnemar(b, c) for b in range(6) for c in range(6 - b)) > 0.05
    assert mcnemar(6, 0) < 0.05


def marks(text: str) -> dict[str, bool]:
    return {f"c{at}": sign == "+" for at, sign in enumerate(text)}


def test_changes_are_named_and_nothing_is_called_better() -> None:
    found = paired(marks("----++"), marks("++++-+"))
    assert (found.fixed, found.broken) == (("c0", "c1", "c2", "c3"), ("c4",))
    assert (found.both_passed, found.both_failed, found.total) == (1, 0, 6)
    first, second = found.sentences
    assert first == "Failed before, passes now: c0, c1, c2, c3; passed before, fails now: c4."
    assert second.startswith("5 of 6 marks changed: fewer than 6 changes cannot be told from chance")
    assert "better" not in first + second and "significant" not in first + second


def test_many_changes_one_way_are_called_rare_by_chance() -> None:
    assert "would rarely do as much" in paired(marks("-" * 12), marks("+" * 12)).sentences[1]
    assert "chance alone does as much in" in paired(marks("------+++"), marks("++++++---")).sentences[1]
    assert paired(marks("+-"), marks("+-")).sentences == ("All 2 cases have the same mark in both.",)


def test_only_cases_of_both_are_compared() -> None:
    assert paired({"a": True, "b": False}, {"b": True, "c": True}).total == 1
    with pytest.raises(ValueError, match="share no case"):
        paired({"a": True}, {"b": True})
