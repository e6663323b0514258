"""Two small dialogs: yes or no, and one line of text."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from weighbridge.tui.widgets.field import Line

_CANCEL = Binding("escape", "cancel", "Cancel", id="ask.cancel", tooltip="Change nothing")


class Ask(ModalScreen[bool]):
    """A question with two answers; the harmless one has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [_CANCEL]

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._question, self._yes, self._no = question, yes, no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button(self._no, id="no", compact=True)
                yield Button(self._yes, id="yes", compact=True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_cancel(self) -> None:
        self.dismiss(False)


class AskLine(ModalScreen[str | None]):
    """Asks for one line; None where the person turns away, or types nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [_CANCEL]

    def __init__(
        self, question: str, placeholder: str, enter: str = "Enter puts it on record", value: str = ""
    ) -> None:
        super().__init__()
        self._question, self._placeholder, self._enter, self._value = question, placeholder, enter, value

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield Line(self._value, placeholder=self._placeholder, id="line", max_length=500)
            yield Static(f"{self._enter} · escape: change nothing", classes="dialog-keys", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)

    def action_cancel(self) -> None:
        self.dismiss(None)
