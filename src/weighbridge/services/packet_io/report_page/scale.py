"""From values to places: axes with round steps, paths, and long series made short. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

from weighbridge.services.packet_io.report_page.view import Tick

WIDTH = 1000.0
"""Units of a path over the width of a plot."""
HEIGHT = 180.0
"""Pixels from the top of a plot to its axis."""
_MOST = 1e15
"""A figure beyond it is none that was measured: it is left out."""

Point = tuple[float, float]


def finite(value: float | int | None) -> float | None:
    """A figure that can be drawn: a number from 0 to 1e15."""
    try:
        found = None if value is None else float(value)
    except OverflowError:
        return None
    return found if found is not None and isfinite(found) and 0 <= found < _MOST else None


class Axis(NamedTuple):
    """Values from `low` to `high`, with round steps between."""

    low: float
    high: float
    step: float

    def share(self, value: float) -> float:
        """Where a value lies, 0..1; what is outside lies on the edge."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def x(self, value: float) -> float:
        """In units of a path."""
        return round(self.share(value) * WIDTH, 1)

    def percent(self, value: float) -> float:
        """Of the width."""
        return round(self.share(value) * 100, 2)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return round(HEIGHT * (1 - self.share(value)), 1)

    def values(self) -> list[float]:
        """The round values on the axis."""
        first, last = ceil(self.low / self.step - 1e-9), floor(self.high / self.step + 1e-9)
        return [at * self.step for at in range(first, last + 1)]

    def label(self, value: float) -> str:
        """With as many decimals as the step needs."""
        decimals = max(0, -floor(log10(self.step) + 1e-9))
        return f"{value:,.{decimals}f}"

    def x_ticks(self) -> tuple[Tick, ...]:
        return tuple(Tick(self.percent(value), self.label(value)) for value in self.values())

    def y_ticks(self) -> tuple[Tick, ...]:
        return tuple(Tick(self.y(value), self.label(value)) for value in self.values())


def axis(high: float, most: int = 5, *, low: float = 0.0, whole: bool = False, rounded: bool = True) -> Axis:
    """From `low` to `high` in at most `most` steps of 1, 2 or 5 times a power of ten.

    `whole`: no step below 1. `rounded`: the end is raised to the next step.
    """
    extent = max(high - low, 1e-9)
    power = 10.0 ** floor(log10(extent / most))
    step = next(power * times for times in (1, 2, 5, 10) if power * times * most >= extent * (1 - 1e-9))
    step = max(1.0, step) if whole else step
    end = low + step * ceil(extent / step - 1e-9) if rounded else low + extent
    return Axis(low, end, step)


def path(points: Iterable[Point]) -> str:
    """Straight lines from point to point."""
    return "".join(f"{'L' if at else 'M'}{x:g} {y:g}" for at, (x, y) in enumerate(points))


def band(upper: Sequence[Point], lower: Sequence[Point]) -> str:
    """The area between two lines."""
    return f"{path([*upper, *reversed(lower)])}Z" if upper else ""


def dots(points: Iterable[Point]) -> str:
    """Each point as a line of no length: round ends make it a dot of the stroke's width at any scale."""
    return "".join(f"M{x:g} {y:g}h0" for x, y in points)


def thinned(rows: Sequence[tuple[float, ...]], most: int, by: int) -> list[tuple[float, ...]]:
    """At most `most` rows: of each stretch the one that is largest in column `by`, so that no peak is lost."""
    size = ceil(len(rows) / most)
    if size <= 1:
        return list(rows)
    return [max(rows[at : at + size], key=lambda row: row[by]) for at in range(0, len(rows), size)]
