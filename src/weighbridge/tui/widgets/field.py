"""Field: one typed answer. It knows the intent it makes and where the run keeps it, and holds no truth of its own."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import Input

from weighbridge.domain.intents import Intent
from weighbridge.domain.run import Run


class Field(Input):
    """An input bound to the run: `saved` reads its value, `intent` makes the wish to change it."""

    def __init__(
        self,
        saved: Callable[[Run], str],
        intent: Callable[[str], Intent],
        *,
        id: str,
        placeholder: str = "",
        tooltip: str | None = None,
        max_length: int = 2000,
    ) -> None:
        super().__init__(placeholder=placeholder, id=id, compact=True, tooltip=tooltip, max_length=max_length)
        self.saved, self.intent = saved, intent

    def is_pending(self, run: Run) -> bool:
        """Whether something was typed that the run does not hold."""
        return self.value != self.saved(run)

    def show(self, run: Run) -> None:
        """Takes the value of the run, unless the person is typing here."""
        if not self.has_focus:
            self.take(run)

    def take(self, run: Run) -> None:
        """Takes the value of the run, whatever was typed."""
        if self.value != self.saved(run):
            self.value = self.saved(run)
