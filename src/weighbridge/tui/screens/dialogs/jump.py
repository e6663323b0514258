"""The list of steps as a dialog: the way to jump where the rail has no room."""

from __future__ import annotations

from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static

from weighbridge.domain.run import Run
from weighbridge.domain.steps import STEPS, StepId
from weighbridge.tui.widgets.rail import Rail


class JumpScreen(ModalScreen[StepId | None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+g", "cancel", "Close", id="jump.close", tooltip="Stay at this step"),
        *(
            Binding(str(s.number), f"take('{s.id}')", s.title, id=f"jump.{s.id}", show=False, tooltip=f"To {s.title}")
            for s in STEPS
        ),
    ]

    def __init__(self, run: Run, here: StepId) -> None:
        super().__init__()
        self._run_shown, self._here = run, here

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("Go to step", classes="dialog-title")
            yield Rail(self._here, id="jump")
            yield Static("Enter or 1 to 9 goes there · escape: stay", classes="dialog-keys")

    def on_mount(self) -> None:
        self.query_one(Rail).show(self._run_shown)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(cast(StepId, event.option_id))

    def action_take(self, step: StepId) -> None:
        self.dismiss(step)

    def action_cancel(self) -> None:
        self.dismiss(None)
