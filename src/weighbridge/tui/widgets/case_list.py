"""The cases of a pack, one a row, drawn as they come into sight: 100,000 of them cost no more than a screenful."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.cases import Case

ID, STATE, GRADER = 20, 7, 12
WIDE_FROM = 72
"""Columns from which on the grader has room."""


def state_words(case: Case) -> str:
    """In signs and words, so that colour is not needed."""
    return "– off" if case.disabled else "* must" if case.must_pass else ""


def row_text(case: Case, width: int) -> str:
    """`laptop-01   * must   includes   Where does a laptop ...`, at most `width` columns."""
    parts = [set_cell_size(clean_line(case.id, ID - 2), ID), set_cell_size(state_words(case), STATE)]
    if width >= WIDE_FROM:
        parts.append(set_cell_size(case.grader.kind, GRADER))
    room = max(0, width - sum(map(cell_len, parts)))
    asked = case.prompt or case.messages[-1].content
    text = clean_line(asked[:1000], 300)
    if cell_len(text) > room:
        text = set_cell_size(text, max(0, room - 1)).rstrip() + "…"
    return set_cell_size("".join(parts) + text, width)


class CaseList(ScrollView, can_focus=True):
    """The rows and a cursor. `show` replaces the cases; the cursor stays on its case where that is still there."""

    DEFAULT_CSS = """
    CaseList { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; background: transparent; }
    CaseList > .case-list--cursor { background: $panel; color: $foreground; text-style: bold; }
    CaseList:focus > .case-list--cursor { background: $primary-muted; }
    CaseList > .case-list--off { color: $foreground-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"case-list--cursor", "case-list--off"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "go(-1)", "Up", id="case-list.up", show=False),
        Binding("down", "go(1)", "Down", id="case-list.down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="case-list.page-up", show=False),
        Binding("pagedown", "page(1)", "Page down", id="case-list.page-down", show=False),
        Binding("home", "go(-1000000000)", "First", id="case-list.first", show=False),
        Binding("end", "go(1000000000)", "Last", id="case-list.last", show=False),
        Binding("enter", "take", "Change", id="case-list.take", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another case."""

    class Taken(Message):
        """Enter on a case, or a click on the one under the cursor."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._cases: tuple[Case, ...] = ()
        self.at = 0

    def show(self, cases: tuple[Case, ...], case_id: str = "") -> None:
        """Other cases; the cursor goes to `case_id`, else stays with its case, else with its row."""
        wanted = case_id or (self.case.id if self.case else "")
        self._cases = cases
        self.at = next((at for at, case in enumerate(cases) if case.id == wanted), min(self.at, len(cases) - 1))
        self._fit()
        self._to(self.at)

    @property
    def case(self) -> Case | None:
        """The case under the cursor."""
        return self._cases[self.at] if 0 <= self.at < len(self._cases) else None

    def on_resize(self) -> None:
        self._fit()
        self._to(self.at)

    def _fit(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._cases))
        self.refresh()

    def _to(self, at: int) -> None:
        self.at = max(0, min(len(self._cases) - 1, at))
        self.scroll_to_region(Region(0, self.at, 1, 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved())

    def action_go(self, by: int) -> None:
        self._to(self.at + by)

    def action_page(self, by: int) -> None:
        self._to(self.at + by * max(1, self.scrollable_content_region.height - 1))

    def action_take(self) -> None:
        if self.case is not None:
            self.post_message(self.Taken())

    def on_click(self, event: events.Click) -> None:
        at = event.y + int(self.scroll_offset.y)
        if at == self.at:
            self.action_take()
        elif at < len(self._cases):
            self._to(at)

    def render_line(self, y: int) -> Strip:
        width, at = self.scrollable_content_region.width, y + int(self.scroll_offset.y)
        if not 0 <= at < len(self._cases):
            return Strip.blank(width, self.rich_style)
        case = self._cases[at]
        name = "case-list--cursor" if at == self.at else "case-list--off" if case.disabled else ""
        style = self.get_component_rich_style(name) if name else self.rich_style
        return Strip([Segment(row_text(case, width), style)], width)
