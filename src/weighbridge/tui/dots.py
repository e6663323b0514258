"""A few figures as dots on a line that begins at zero: what is shown where percentiles would claim too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from weighbridge.domain.proof.timeline import scale
from weighbridge.domain.verdict.stats import P95_FROM, p50, p95
from weighbridge.tui.widgets.figures import seconds

WIDTH = 18
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Ends of the line below the shortest time axis, seconds."""


def dots(values: Sequence[float], width: int = WIDTH) -> tuple[str, float]:
    """The line, and its right end. A dot is one value; where several fall together stands their number, `+` above 9."""
    end = next((step for step in STEPS if step >= max(values)), scale(max(values)))
    places = Counter(min(width - 1, int(value / end * width)) for value in values)
    signs = {1: "·", **{n: str(n) for n in range(2, 10)}}
    return "".join(signs.get(places[at], "+") if places[at] else "─" for at in range(width)), end


def spread(values: Sequence[float]) -> str:
    """Seconds in words: dots, median and range of a few; p50 and p95 once there are enough. Empty for none."""
    if not values:
        return ""
    if len(values) >= P95_FROM:
        return f"p50 {seconds(p50(values))}, p95 {seconds(p95(values))} of {len(values)}"
    if len(values) == 1:
        return seconds(values[0])
    line, end = dots(values)
    low, high = seconds(min(values)).removesuffix(" s"), seconds(max(values))
    return f"0 ├{line}┤ {end:g} s\nmedian {seconds(median(values))}, from {low} to {high} (n = {len(values)})"
