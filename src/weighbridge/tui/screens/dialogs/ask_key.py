"""A small dialog: an API key. It is typed unseen, and stays in this process's memory."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from weighbridge.domain.text import clean_line
from weighbridge.tui.widgets.field import Line

KEYS = "Enter sends it to this server, and to no other · escape: no key"


class AskKey(ModalScreen[str | None]):
    """Gives the key, or None where the person turns away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="key.cancel", tooltip="Send no key")
    ]

    def __init__(self, said: str, address: str) -> None:
        super().__init__()
        self._said, self._host = said, urlsplit(address).netloc or address

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(f"The API key for {clean_line(self._host, 120)}", classes="dialog-title", markup=False)
            yield Static(f"{self._said} It is kept in memory until weighbridge ends, and never saved.", markup=False)
            yield Line(placeholder="the key", password=True, id="line", max_length=2_000)
            yield Static(KEYS, classes="dialog-keys", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(event.value.strip())
        else:
            self.query_one(".dialog-keys", Static).update("! No key is typed yet: type it above, or leave with Escape.")

    def action_cancel(self) -> None:
        self.dismiss(None)
