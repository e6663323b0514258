"""Which concurrencies, and how many requests each."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line

LADDER = (1, 2, 4, 8)
MOST_AT_ONCE = 256
MOST_REQUESTS = 100_000
_HINT = "For example 1,2,4,8."


def ladder(text: str) -> tuple[int, ...]:
    """Concurrencies as they are typed, `1,2,4,8`. BadInput, with what is wrong."""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        if not (part.isascii() and part.isdigit()):
            raise BadInput(f"{clean_line(part, 20)!r} is not a number of requests at once.", _HINT)
    return checked(tuple(int(part[:9]) for part in parts))


def checked(steps: Sequence[int]) -> tuple[int, ...]:
    """The ladder itself, where it climbs. BadInput where it does not, or leaves 1 to MOST_AT_ONCE."""
    for step in steps:
        if not 1 <= step <= MOST_AT_ONCE:
            raise BadInput(f"{step:,} requests at once: from 1 to {MOST_AT_ONCE} are possible.", _HINT)
    if not steps or list(steps) != sorted(set(steps)):
        raise BadInput("The numbers of requests at once have to grow from step to step.", _HINT)
    return tuple(steps)


def requests_of(concurrency: int, cases: int, wished: int | None) -> int:
    """How many requests a step has: each case at least twice and equally often, at least 4 for each at once.

    Equally often, because steps with other cases have other latencies. BadInput where the person's own number cannot
    fill the concurrency.
    """
    if wished is None:
        return cases * max(2, ceil(4 * concurrency / cases))
    if not concurrency <= wished <= MOST_REQUESTS:
        raise BadInput(
            f"{wished:,} requests a step: {concurrency} to {MOST_REQUESTS:,} are possible with {concurrency} at once.",
            "Ask for more requests, or for fewer at once.",
        )
    return wished
