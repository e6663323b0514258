"""Canvas: lines of styled words in a frame, of which only those that changed are drawn again.

A live panel changes a few figures twice a second. A container with borders and children lays the screen out anew for
it, or repaints as a whole; this widget compares lines and repaints rows, so that the engine keeps the processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Part = tuple[str, str]
"""Words and the name of their style: text, muted, trace, band, mark, warn."""
Line = tuple[Part, ...]
STYLES = ("text", "muted", "trace", "band", "mark", "warn", "frame")


def fitted(line: Line, width: int) -> Line:
    """The line in exactly so many cells: cut, or filled with spaces."""
    out: list[Part] = []
    left = width
    for text, style in line:
        size = cell_len(text)
        if size > left:
            out.append((set_cell_size(text, left), style))
            return tuple(out)
        out.append((text, style))
        left -= size
    if left:
        out.append((" " * left, "text"))
    return tuple(out)


def edge(left: str, right: str, width: int, corners: str) -> Line:
    """The upper or lower line of a frame with a title at each end; the left one goes first where both do not fit."""
    room = width - 2
    right = f" {right} ─" if right and cell_len(right) + 3 <= room else ""
    left = f"─ {left} " if left and cell_len(left) + 3 + cell_len(right) + bool(right) <= room else ""
    rule = "─" * max(0, room - cell_len(left) - cell_len(right))
    return ((corners[0], "frame"), (left, "frame"), (rule, "frame"), (right, "frame"), (corners[1], "frame"))


class Canvas(Widget):
    """`paint` takes the lines between the frame, and the titles in the frame's corners."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"canvas--{name}" for name in STYLES}
    DEFAULT_CSS = """
    Canvas > .canvas--text { color: $foreground; }
    Canvas > .canvas--muted, Canvas > .canvas--band, Canvas > .canvas--mark { color: $foreground-muted; }
    Canvas > .canvas--trace { color: $primary; }
    Canvas > .canvas--warn { color: $text-warning; text-style: bold; }
    Canvas > .canvas--frame { color: $foreground-muted; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()
        self._styles: dict[str, Style] = {}

    @property
    def inner(self) -> tuple[int, int]:
        """Columns and rows within the frame, a space kept at each side."""
        return max(0, self.size.width - 4), max(0, self.size.height - 2)

    def paint(self, lines: Sequence[Line], top: tuple[str, str], bottom: tuple[str, str]) -> None:
        """Draws the lines that differ from what is there. `top` and `bottom`: titles at the left and at the right."""
        (width, height), full = self.inner, self.size.width
        rows = [*lines[:height], *[()] * (height - len(lines))]
        framed = (
            edge(*top, full, "╭╮"),
            *((("│ ", "frame"), *fitted(row, width), (" │", "frame")) for row in rows),
            edge(*bottom, full, "╰╯"),
        )
        before, self._lines = self._lines, framed
        if len(before) != len(framed):
            self.refresh()
            return
        changed = [Region(0, y, full, 1) for y, (a, b) in enumerate(zip(before, framed, strict=True)) if a != b]
        if changed:
            self.refresh(*changed)

    def notify_style_update(self) -> None:
        """Another theme, or the focus: the colours are looked up again."""
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else ((" " * self.size.width, "text"),)
        return Strip([Segment(text, self._style(style)) for text, style in line if text])

    def _style(self, name: str) -> Style:
        """The style of a component, kept: looking it up costs more than drawing the line."""
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self.get_component_rich_style(f"canvas--{name}")
        return style
