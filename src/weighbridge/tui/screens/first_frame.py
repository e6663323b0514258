"""The first frame: title and rail at once. The wizard itself takes about as long again to import, behind it."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from weighbridge.domain.steps import STEPS


class FirstFrame(Screen[None]):
    """Looks like a step whose body is still to come. Keys that come early are kept for it in `early_keys`."""

    DEFAULT_CSS = """
    FirstFrame { layout: vertical; }
    FirstFrame #first-title { height: 1; background: $panel; text-style: bold; padding: 0 1; }
    FirstFrame #first-rail { width: 20; height: 1fr; padding: 0 1; border-right: vkey $panel; }
    FirstFrame #first-rail { color: $foreground-muted; }
    FirstFrame.-narrow #first-rail { display: none; }
    """

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__()
        self._then = then
        self.early_keys: list[events.Key] = []

    def on_key(self, event: events.Key) -> None:
        event.stop()
        self.early_keys.append(event)

    def on_mount(self) -> None:
        self.call_after_refresh(self._then)

    def compose(self) -> ComposeResult:
        yield Static("weighbridge · opening the run", id="first-title", markup=False)
        rail = "\n".join(f"{step.number} · {step.title}" for step in STEPS)
        yield Static(Content(rail), id="first-rail")
