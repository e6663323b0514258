"""The body of a step that looks different from route to route: one part a shape, with the words and keys of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.containers import Vertical
from textual.widget import Widget

from weighbridge.domain.run import Run

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp


class Part(Vertical):
    """Draws itself from the run alone, like the step that it is a part of."""

    DEFAULT_CSS = "Part { height: auto; }"

    def __init__(self, run: Run, *, id: str | None = None) -> None:
        """`run`: as it is when the step is shown; `draw` has the present one."""
        super().__init__(id=id)
        self._at_start = run

    @property
    def wizard(self) -> WeighbridgeApp:
        return cast("WeighbridgeApp", self.app)

    def draw(self, run: Run) -> None:
        """Draws from the run; at the start, and after every change."""

    def tick(self) -> None:
        """Repaints what moves."""

    def hint(self, run: Run) -> str:
        """What can be done here, in one line."""
        return ""

    def first(self) -> Widget | None:
        """Where the person can put right what keeps Next from going on."""
        return next((widget for widget in self.query("*") if widget.focusable), None)
