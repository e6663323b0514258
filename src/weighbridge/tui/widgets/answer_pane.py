"""The prompt and the answer as it grows: wrapped where it grows, drawn where it changed, never laid out anew."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, chop_cells
from textual import events
from textual.binding import Binding, BindingType

from weighbridge.tui.widgets.canvas import Canvas, Line


def wrapped(text: str, width: int) -> list[tuple[int, str]]:
    """Rows of at most `width` cells, each with the place in the text where it starts; cut between words if possible."""
    rows: list[tuple[int, str]] = []
    start = 0
    for paragraph in text.split("\n"):
        rows += _paragraph(paragraph, start, width)
        start += len(paragraph) + 1
    return rows


def _paragraph(text: str, start: int, width: int) -> list[tuple[int, str]]:
    rows: list[tuple[int, str]] = []
    at = 0
    while cell_len(text[at : at + width + 1]) > width:
        piece = chop_cells(text[at : at + width + 1], width)[0]
        space = len(piece) if text[at + len(piece)] == " " else piece.rfind(" ")
        end = at + (space if space > 0 else len(piece))
        rows.append((start + at, text[at:end]))
        at = end + 1 if text[end : end + 1] == " " else end
    rows.append((start + at, text[at:]))
    return rows


class AnswerPane(Canvas, can_focus=True):
    """`show` takes the whole text. It stays at the end unless the person scrolls away from it."""

    DEFAULT_CSS = """
    AnswerPane { height: 1fr; min-height: 4; }
    AnswerPane:focus > .canvas--frame { color: $primary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "by(-1)", "Up", id="answer.up", show=False, tooltip="One line up"),
        Binding("down", "by(1)", "Down", id="answer.down", show=False, tooltip="One line down"),
        Binding("pageup", "by(-8)", "Page up", id="answer.pageup", show=False, tooltip="Eight lines up"),
        Binding("pagedown", "by(8)", "Page down", id="answer.pagedown", show=False, tooltip="Eight lines down"),
        Binding("home", "by(-99999)", "Top", id="answer.home", show=False, tooltip="To the prompt"),
        Binding("end", "by(99999)", "End", id="answer.end", show=False, tooltip="To the newest word"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._text = ""
        self._rows: list[tuple[int, str]] = []
        self._width = 0
        self._top = 0
        self._follows = True
        self._titles = ("", "")

    def show(self, text: str, note: str, progress: str) -> None:
        """Draws the text. `note` and `progress` stand in the frame, above and below."""
        self._titles = (note, progress)
        self._wrap(text.expandtabs(4))
        self._draw()

    def on_resize(self) -> None:
        self._wrap(self._text)
        self._draw()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def _wrap(self, text: str) -> None:
        """Wraps what is new: rows above the last one stay as they are while the text only grows."""
        width = max(1, self.inner[0])
        if text == self._text and width == self._width:
            return
        if width == self._width and self._rows and text.startswith(self._text):
            begin = self._rows.pop()[0]
            self._rows += [(begin + start, row) for start, row in wrapped(text[begin:], width)]
        else:
            self._rows = wrapped(text, width)
        self._text, self._width = text, width

    def action_by(self, rows: int) -> None:
        """Scrolls; at the end it follows the answer again."""
        last = self._last_top
        self._top = min(max(0, self._top + rows), last)
        self._follows = self._top == last
        self._draw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_by(-2)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_by(2)

    @property
    def _last_top(self) -> int:
        return max(0, len(self._rows) - self.inner[1])

    @property
    def text(self) -> str:
        return self._text

    def _draw(self) -> None:
        if not self.is_mounted or not self.size.width:
            return
        self._top = self._last_top if self._follows else min(self._top, self._last_top)
        shown: list[Line] = [((row, "text"),) for _, row in self._rows[self._top : self._top + self.inner[1]]]
        above = f"↑ {self._top} more" if self._top else ""
        below = len(self._rows) - self._top - self.inner[1]
        more = f"↓ {below} more" if below > 0 else ""
        left = " · ".join(part for part in (above, more) if part)
        self.paint(shown, ("answer", self._titles[0]), (left, self._titles[1]))
