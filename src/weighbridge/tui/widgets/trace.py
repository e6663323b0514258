"""Traces: zero-based histories in eighth blocks. The number always stands beside them; the height is no message."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from weighbridge.tui.widgets.canvas import Line

BLOCKS = " ▁▂▃▄▅▆▇█"
LINE, BAND = "┄", "░"


class Scale(NamedTuple):
    """Zero to `ceiling`. `marks` are dashed lines; `band` is shaded from its lower to its upper value."""

    ceiling: float
    marks: tuple[float, ...] = ()
    band: tuple[float, float] | None = None


def trace_row(values: Sequence[float], ceiling: float, height: int, row: int) -> str:
    """One row of blocks; `row` 0 is the bottom. Values above the ceiling fill the whole height."""
    if ceiling <= 0:
        return " " * len(values)
    eighths = (min(height * 8, round(v / ceiling * height * 8)) for v in values)
    return "".join(BLOCKS[max(0, min(8, e - row * 8))] for e in eighths)


def behind(scale: Scale, height: int, row: int) -> tuple[str, str]:
    """What stands in the empty cells of a row: a dashed line, a part of the band, or nothing. Sign and style."""

    def at(value: float) -> int | None:
        """The row of a value; None outside the scale."""
        return min(height - 1, int(value / scale.ceiling * height)) if 0 < value <= scale.ceiling else None

    if any(at(mark) == row for mark in scale.marks):
        return LINE, "mark"
    if scale.band is not None:
        low, high = at(scale.band[0]), at(scale.band[1])
        if low is not None and high is not None and low <= row <= high:
            return BAND, "band"
    return " ", "text"


def trace_lines(values: Sequence[float], scale: Scale, height: int) -> list[Line]:
    """The rows of a trace, the highest first."""
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        sign, style = behind(scale, height, row)
        parts = (
            ((sign * len(cells), style) if empty else ("".join(cells), "trace"))
            for empty, cells in (
                (e, list(g)) for e, g in groupby(trace_row(values, scale.ceiling, height, row), lambda c: c == " ")
            )
        )
        lines.append(tuple(parts))
    return lines
