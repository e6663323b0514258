"""Which thread counts a sweep tries, and which one it takes. Plain Python: the engine's child uses it without pydantic.

Rates of trials that are a tenth of a second long scatter, and on a busy machine one count may be fast for a moment
and stand still in the next. So a count is worth the lower of two rates: the median of its trials, and all of its
tokens over all of its seconds. The first does not follow one lucky trial, the second does not forget one that hung.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

MARGIN = 0.05
"""A gain below this share is not worth a thread more: it leaves a core to the rest of the machine."""
MOST_MARGIN = 0.1
"""Scatter of the trials widens the margin up to this share, so that the choice stays within a tenth of the best."""
HOPELESS = 0.7
"""A count that is worth less than this share of the best is not tried again."""
CLEAR = 0.75
"""Where every other count is worth less than this share of the best, more trials change nothing."""
TRIALS = 3
"""The least number of trials that decide, per count."""
FINALISTS = 4
BUSY_FROM = 25.0
"""Percent of a core from which what others take counts as a core in use."""


class Timed(NamedTuple):
    """One trial. `tokens` were computed within `seconds`; 0 where the trial had to be broken off before the first."""

    n_threads: int
    tokens: int
    seconds: float


def busy_cores(others_percent: float | None) -> int | None:
    """Cores that others keep busy: 0 below 25 % of one, 1 from there to 125 %, ...; None where it is not known."""
    return None if others_percent is None else int((others_percent + 100 - BUSY_FROM) // 100)


def candidates(cores: int, busy: int | None) -> tuple[int, ...]:
    """Thread counts worth a trial on `cores` usable cores, the best guess first, then its neighbours.

    All up to four, beyond that thinned out to about powers of two, with the upper end in finer steps: one core less
    than all, and three quarters, are where a machine in use is often best.
    """
    ladder = {1, 2, cores, max(1, cores - 1), max(1, cores - (busy or 0)), max(1, cores * 3 // 4)}
    ladder |= {2**power for power in range(cores.bit_length())}
    guess = max(1, cores - (busy or 0))
    return tuple(sorted((n for n in ladder if n <= cores), key=lambda n: (abs(n - guess), n)))


def worth(trials: Iterable[Timed]) -> float:
    """Tokens per second that a count can be trusted with: the lower of median and overall rate."""
    known = [trial for trial in trials if trial.seconds > 0]
    if not known:
        return 0.0
    overall = sum(trial.tokens for trial in known) / sum(trial.seconds for trial in known)
    return min(overall, median(trial.tokens / trial.seconds for trial in known))


def worths(trials: Iterable[Timed]) -> dict[int, float]:
    """What every count that was tried is worth, tokens per second."""
    apart: dict[int, list[Timed]] = {}
    for trial in trials:
        apart.setdefault(trial.n_threads, []).append(trial)
    return {n: worth(own) for n, own in apart.items()}


def choose(trials: Sequence[Timed]) -> int | None:
    """The lowest count whose worth is within the noise of the best one. None where no trial computed a token."""
    found = worths(trials)
    best = max(found, key=lambda n: (found[n], -n), default=None)
    if best is None or found[best] <= 0:
        return None
    enough = found[best] * (1 - _margin([trial for trial in trials if trial.n_threads == best]))
    return min(n for n, value in found.items() if value >= enough)


def _margin(trials: Sequence[Timed]) -> float:
    """Share of the best worth that is not told from noise: median distance of its trials from their median."""
    rates = [trial.tokens / trial.seconds for trial in trials if trial.seconds > 0]
    middle = median(rates)
    scatter = median(abs(rate - middle) for rate in rates) / middle if middle > 0 else 0.0
    return min(MOST_MARGIN, max(MARGIN, scatter))


def is_beyond(n: int, trials: Sequence[Timed]) -> bool:
    """Whether a hopeless count lies between `n` and the best one: rates rise and fall once over the counts."""
    found = worths(trials)
    best = max(found, key=lambda tried: found[tried], default=None)
    if best is None:
        return False
    hopeless = [tried for tried, value in found.items() if value < HOPELESS * found[best]]
    return any(best < tried < n or n < tried < best for tried in hopeless)


def finalists(trials: Sequence[Timed]) -> tuple[int, ...]:
    """Counts worth another trial, the best first; two at least, so that one bad moment throws nobody out."""
    found = worths(trials)
    ranked = sorted(found, key=lambda n: (-found[n], n))
    return tuple(n for at, n in enumerate(ranked[:FINALISTS]) if at < 2 or found[n] >= HOPELESS * found[ranked[0]])


def decided(trials: Sequence[Timed]) -> bool:
    """Whether each finalist was tried often enough, and the best is far ahead of all others."""
    found = worths(trials)
    best, *others = finalists(trials)
    tried = [sum(trial.n_threads == n for trial in trials) for n in (best, *others)]
    return min(tried) >= TRIALS and all(found[n] < CLEAR * found[best] for n in others)
