"""Two evals of the same cases beside each other: what changed, and whether so few changes can mean anything."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log2

from weighbridge.domain.base import Record

LEVEL = 0.05
LEAST_FLIPS = 1 + ceil(log2(1 / LEVEL))
"""With fewer changes p cannot fall below `LEVEL`, even if all go one way: 2 * 0.5**5 = 0.0625, 2 * 0.5**6 = 0.031."""
_NAMED = 5
"""Cases named in a sentence."""


def mcnemar(fixed: int, broken: int) -> float:
    """Exact two-sided p of the McNemar test (McNemar 1947, Psychometrika 12:153) for paired pass and fail.

    `fixed` (b): failed before, passes now. `broken` (c): passed before, fails now. If nothing had changed but chance,
    each of the n = b + c changes would go either way as a coin falls: p = min(1, 2 * P(X <= min(b, c))) with X
    binomial (n, 1/2). 1 without a change. ValueError for a negative count.
    """
    if fixed < 0 or broken < 0:
        raise ValueError(f"no test of {fixed} and {broken} changes")
    n = fixed + broken
    ways, below = 1, 0
    for k in range(min(fixed, broken) + 1):
        below += ways
        ways = ways * (n - k) // (k + 1)
    return min(1.0, 2 * below / (1 << n))


class Paired(Record):
    """The same cases in two evals. `fixed`: failed before, pass now; `broken`: passed before, fail now (case ids).

    `p`: exact McNemar, two-sided.
    """

    total: int
    both_passed: int
    both_failed: int
    fixed: tuple[str, ...]
    broken: tuple[str, ...]
    p: float

    @property
    def sentences(self) -> tuple[str, ...]:
        """What changed, and what so many changes can show. Never that one eval is better than the other."""
        if not self.fixed and not self.broken:
            return (f"All {self.total} cases have the same mark in both.",)
        said = (f"failed before, passes now: {_names(self.fixed)}" if self.fixed else "",)
        lost = (f"passed before, fails now: {_names(self.broken)}" if self.broken else "",)
        changed = "; ".join(filter(None, said + lost))
        return (f"{changed[0].upper()}{changed[1:]}.", self._meaning())

    def _meaning(self) -> str:
        flips = len(self.fixed) + len(self.broken)
        counted = f"{flips} of {self.total} marks changed"
        if flips < LEAST_FLIPS:
            return (
                f"{counted}: fewer than {LEAST_FLIPS} changes cannot be told from chance at 5 %, "
                f"whichever way they go (McNemar, exact, p = {self.p:.2g})."
            )
        if self.p >= LEVEL:
            return f"{counted}: chance alone does as much in {self.p * 100:.0f} % of such pairs (McNemar, exact)."
        return (
            f"{counted}: chance alone would rarely do as much (McNemar, exact, p = {self.p:.2g}); "
            "it speaks of these cases, which were chosen."
        )


def _names(cases: tuple[str, ...]) -> str:
    more = len(cases) - _NAMED
    return ", ".join(cases[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def paired(before: Mapping[str, bool], after: Mapping[str, bool]) -> Paired:
    """The cases that have a mark in both, by id, in the order of `after`. ValueError where there is none."""
    ids = [case for case in after if case in before]
    if not ids:
        raise ValueError("the two evals share no case")
    fixed = tuple(case for case in ids if after[case] and not before[case])
    broken = tuple(case for case in ids if before[case] and not after[case])
    return Paired(
        total=len(ids),
        both_passed=sum(before[case] and after[case] for case in ids),
        both_failed=sum(not before[case] and not after[case] for case in ids),
        fixed=fixed,
        broken=broken,
        p=mcnemar(len(fixed), len(broken)),
    )
