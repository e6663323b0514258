"""The model card as text: only the rows that are seen are drawn, so that its length costs little.

Nothing in it is markup or a link: what the card says is shown as it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from weighbridge.tui.words.card_lines import Kind, Rows, kinds, parted, pieces, shown

MARK = "▸ "
"""Before the line that was jumped to, so that it is known without colour."""
ABOVE = 2
"""Rows that stay above a line that is jumped to, so that it is read in its place."""


class CardText(ScrollView, can_focus=True):
    """`show` takes the card as it is, uncleaned; `jump` brings a line (from 1) into view and marks it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"card-text--{name}" for name in ("text", "heading", "code", "quote", "list", "table", "front", "target")
    }
    DEFAULT_CSS = """
    CardText { height: 1fr; min-height: 3; background: transparent; border: round $panel-lighten-2; padding: 0 1;
               border-title-color: $foreground-muted; border-subtitle-color: $foreground-muted;
               overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    CardText:focus { border: round $primary; }
    CardText > .card-text--text, CardText > .card-text--table { color: $foreground; }
    CardText > .card-text--list { color: $foreground; }
    CardText > .card-text--heading { color: $foreground; text-style: bold; }
    CardText > .card-text--code, CardText > .card-text--front { color: $foreground-muted; }
    CardText > .card-text--quote { color: $foreground-muted; text-style: italic; }
    CardText > .card-text--target { background: $primary-muted; text-style: bold; }
    """

    class Left(Message):
        """The marked line was scrolled out of view."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[str] = ()
        self._kinds: Sequence[Kind] = ()
        self._rows: Rows | None = None
        self._width = 0
        self._target: int | None = None
        self._at_target = False
        """Whether the marked line is what is read: until one scrolls away from it."""
        self._drawn: LRUCache[int, list[str]] = LRUCache(512)

    @property
    def target(self) -> int | None:
        """The marked line, from 1."""
        return None if self._target is None else self._target + 1

    def show(self, text: str) -> None:
        """Another card, from its beginning."""
        self._lines = parted(text)
        self._kinds = kinds(self._lines)
        self._target = None
        self._at_target = False
        self._lay_out()
        self.scroll_home(animate=False)

    def jump(self, line: int) -> None:
        """Marks a line, counted from 1, and scrolls to it. A line that the card has not is the nearest one."""
        if not self._lines:
            return
        self._target = min(max(line, 1), len(self._lines)) - 1
        self._at_target = True
        self.refresh()
        if self._rows is not None:
            self.scroll_to(y=max(0, self._rows.start(self._target) - ABOVE), animate=False)

    def on_resize(self) -> None:
        """Other width, other rows: the marked line stays in view while it is read, else the line at the top stays."""
        if self.scrollable_content_region.width == self._width + len(MARK):
            return
        line = (
            self._rows.at(min(self.scroll_offset.y, self._rows.total - 1))[0] if self._rows and self._rows.total else 0
        )
        above = 0
        if self._at_target and self._target is not None:
            line, above = self._target, ABOVE
        self._lay_out()
        if self._rows is not None:
            self.scroll_to(y=max(0, self._rows.start(line) - above), animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Notices when the marked line is left."""
        super().watch_scroll_y(old_value, new_value)
        if not self._at_target or self._rows is None or self._target is None or not self.size.height:
            return
        if not new_value <= self._rows.start(self._target) < new_value + self.size.height:
            self._at_target = False
            self.post_message(self.Left())

    def _lay_out(self) -> None:
        self._width = max(0, self.scrollable_content_region.width - len(MARK))
        self._drawn.clear()
        if self._width > 0:
            self._rows = Rows(self._lines, self._kinds, self._width)
            self.virtual_size = Size(self._width + len(MARK), self._rows.total)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        row = self.scroll_offset.y + y
        if self._rows is None or row >= self._rows.total:
            return Strip.blank(self.size.width, self.rich_style)
        line, part = self._rows.at(row)
        style = self.get_component_rich_style(f"card-text--{self._kinds[line]}")
        if line == self._target:
            style += self.get_component_rich_style("card-text--target")
        rows = self._pieces(line)
        text = rows[part] if part < len(rows) else ""
        mark = MARK if line == self._target and not part else " " * len(MARK)
        return Strip([Segment(mark, style), Segment(text, style)]).adjust_cell_length(self._width + len(MARK), style)

    def _pieces(self, line: int) -> list[str]:
        found = self._drawn.get(line)
        if found is None:
            found = pieces(shown(self._lines[line]), self._kinds[line], self._width)
            self._drawn[line] = found
        return found
