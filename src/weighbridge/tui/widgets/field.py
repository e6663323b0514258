"""Field: one typed answer. It knows the intent it makes and where the run keeps it, and holds no truth of its own."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.widgets import Input

from weighbridge.domain.intents import Intent
from weighbridge.domain.run import Run


class Line(Input):
    """An input whose editing keys act in the order in which they were pressed.

    Textual lets such a key climb to the app before it acts; what is typed meanwhile would be in the field already,
    and `ctrl+k 1024` in one burst would delete the number.
    """

    async def _on_key(self, event: events.Key) -> None:
        own = [] if event.is_printable else self._bindings.key_to_bindings.get(event.key, [])
        for binding in own:
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)


class Field(Line):
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

    def on_focus(self) -> None:
        self.call_after_refresh(self._show_start)

    def _show_start(self) -> None:
        """A text that is selected whole, as on coming here, is read from its beginning."""
        if self.selection.start == 0 and self.selection.end == len(self.value):
            self.scroll_to(0, 0, animate=False, force=True)

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
