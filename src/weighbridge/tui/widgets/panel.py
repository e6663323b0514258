"""What the two live panels share: aligned figures above a trace, in a quiet frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from weighbridge.domain.proof.live import LiveView
from weighbridge.tui.widgets.trace import Trace

WIDEST = 34
"""Columns of a row of figures: on a wide screen the number still stands near its name."""

Figure = tuple[str, str]


def figure_lines(figures: Sequence[Figure], width: int) -> Content:
    """Names at the left, figures right-aligned in one column."""
    width = max(1, min(width, WIDEST))
    rows = [
        Content.assemble((name, "$foreground-muted"), value.rjust(max(len(value) + 1, width - len(name))))
        for name, value in figures
    ]
    return Content("\n").join(rows)


class Panel(Vertical):
    """Subclasses say which figures to show, full and short, and how the trace is scaled."""

    TITLE: ClassVar[str] = ""
    DEFAULT_CSS = """
    Panel { height: 12; width: 1fr; border: round $panel-lighten-2; padding: 0 1;
            border-title-color: $foreground-muted; border-subtitle-color: $foreground-muted; }
    Panel > Static { height: auto; }
    Panel > Trace { height: 1fr; min-height: 1; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.border_title = self.TITLE
        self._view = LiveView()
        self._drawn: tuple[int | Figure, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(markup=False)
        yield Trace()

    def show(self, view: LiveView) -> None:
        """Draws another view; called by a timer, never by an event."""
        self._view = view
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        short = self.screen.has_class("-short")
        figures = self.short_figures(self._view) if short else self.figures(self._view)
        drawn: tuple[int | Figure, ...] = (self.content_size.width, *figures)
        if drawn != self._drawn:
            grown = len(drawn) != len(self._drawn)
            self._drawn = drawn
            self.query_one(Static).update(figure_lines(figures, self.content_size.width), layout=grown)
        self.trace(self._view, self.query_one(Trace))

    def figures(self, view: LiveView) -> list[Figure]:
        raise NotImplementedError

    def short_figures(self, view: LiveView) -> list[Figure]:
        raise NotImplementedError

    def trace(self, view: LiveView, trace: Trace) -> None:
        raise NotImplementedError
