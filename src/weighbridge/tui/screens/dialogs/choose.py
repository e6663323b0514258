"""A small dialog: one of several things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


class Choose(ModalScreen[str | None]):
    """Gives the key of what was chosen, or None. `rows`: words by key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="choose.cancel", tooltip="Change nothing")
    ]
    DEFAULT_CSS = """
    Choose OptionList { height: auto; max-height: 12; border: none; padding: 0; background: transparent; }
    Choose OptionList:focus { border: none; }
    """

    def __init__(self, question: str, rows: Mapping[str, str]) -> None:
        super().__init__()
        self._question, self._rows = question, dict(rows)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield OptionList(*(Option(words, id=key) for key, words in self._rows.items()), id="rows", markup=False)
            yield Static("Enter takes it · escape: change nothing", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one("#rows", OptionList).highlighted = 0

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def action_cancel(self) -> None:
        self.dismiss(None)
