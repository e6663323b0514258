"""Two small dialogs: yes or no, and one line of text."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from weighbridge.tui.widgets.field import Line

_CANCEL = Binding("escape", "cancel", "Cancel", id="ask.cancel", tooltip="Change nothing")
YES_NO_KEYS = "← → choose, Enter takes, Escape leaves"
NOTHING_TYPED = "Nothing is typed yet: type it above, or leave with Escape."


class Answer(Button):
    """One of two answers. A sign before it, not its colour alone, says that Enter takes it."""

    def __init__(self, words: str, id: str) -> None:
        super().__init__(f"  {words}", id=id, compact=True)
        self._words = words

    @on(events.Focus)
    def _lit(self) -> None:
        self.label = f"▸ {self._words}"

    @on(events.Blur)
    def _unlit(self) -> None:
        self.label = f"  {self._words}"


class Ask(ModalScreen[bool]):
    """A question with two answers; the harmless one has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _CANCEL,
        Binding("left,up", "app.focus_previous", "Choose", id="ask.left", show=False, tooltip="The other answer"),
        Binding("right,down", "app.focus_next", "Choose", id="ask.right", show=False, tooltip="The other answer"),
    ]

    def __init__(self, question: str, yes: str, no: str) -> None:
        super().__init__()
        self._question, self._yes, self._no = question, yes, no

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Answer(self._no, id="no")
                yield Answer(self._yes, id="yes")
            yield Static(YES_NO_KEYS, classes="dialog-keys", markup=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_cancel(self) -> None:
        self.dismiss(False)


class AskLine(ModalScreen[str | None]):
    """Asks for one line; None where the person turns away. With nothing typed it says so, and stays."""

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
        typed = event.value.strip()
        if typed:
            self.dismiss(typed)
        else:
            self.query_one(".dialog-keys", Static).update(f"! {NOTHING_TYPED}")

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        if event.value.strip():
            self.query_one(".dialog-keys", Static).update(f"{self._enter} · escape: change nothing")

    def action_cancel(self) -> None:
        self.dismiss(None)
