"""Trace: a zero-based history in eighth blocks. The number always stands beside it; the height is not the message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

BLOCKS = " ▁▂▃▄▅▆▇█"
LINE = "┄"


def trace_row(values: Sequence[float], ceiling: float, height: int, row: int) -> str:
    """One row of blocks; `row` 0 is the bottom. Values above the ceiling fill the whole height."""
    if ceiling <= 0:
        return " " * len(values)
    eighths = (min(height * 8, round(v / ceiling * height * 8)) for v in values)
    return "".join(BLOCKS[max(0, min(8, e - row * 8))] for e in eighths)


class Trace(Widget):
    """The newest values at the right edge, from zero to `ceiling`; `mark` is a dashed line at a value."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"trace--mark"}
    DEFAULT_CSS = """
    Trace { height: 3; color: $primary; }
    Trace > .trace--mark { color: $foreground-muted; }
    """

    def __init__(self, *, id: str | None = None, classes: str = "") -> None:
        super().__init__(id=id, classes=classes)
        self._values: tuple[float, ...] = ()
        self._ceiling = 1.0
        self._mark: float | None = None

    def show(self, values: Sequence[float], ceiling: float, mark: float | None = None) -> None:
        """Draws other values; a mark above the ceiling is left out."""
        new = (tuple(values), ceiling, mark)
        if new != (self._values, self._ceiling, self._mark):
            self._values, self._ceiling, self._mark = new
            self.refresh()

    def _mark_row(self, height: int) -> int | None:
        if self._mark is None or not 0 < self._mark <= self._ceiling:
            return None
        return min(height - 1, int(self._mark / self._ceiling * height))

    def render_line(self, y: int) -> Strip:
        width, height = self.size.width, self.size.height
        row = height - 1 - y
        drawn = trace_row(self._values[-width:], self._ceiling, height, row).rjust(width)
        if row != self._mark_row(height):
            return Strip([Segment(drawn, self.rich_style)], width)
        mark = self.get_component_rich_style("trace--mark")
        return Strip([Segment(LINE, mark) if c == " " else Segment(c, self.rich_style) for c in drawn], width)
