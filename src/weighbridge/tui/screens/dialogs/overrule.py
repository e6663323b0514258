"""A small form: the mark of one answer as the person sees it, and why."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, RadioSet, Static

from weighbridge.domain.intents import OverruleMark
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.radio import Radio

KEYS = "Enter puts it on record · no reason: the grader's mark stands · escape: change nothing"


class OverruleForm(ModalScreen[OverruleMark | None]):
    """Shows answer and mark; gives the wish, or None where the person turns away."""

    AUTO_FOCUS = "#reason"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="overrule.cancel", tooltip="Change nothing")
    ]

    def __init__(self, result: CaseResult) -> None:
        super().__init__()
        self._result = result

    def compose(self) -> ComposeResult:
        result, own = self._result, self._result.overruled
        passed = own.passed if own else not result.passed
        mark = "pass" if result.passed else "FAIL"
        with Vertical(classes="dialog"):
            yield Static(f"Your own mark of {clean_line(result.case, 64)}", classes="dialog-title", markup=False)
            yield Static(f"Answer: {clean(result.output, 300) or '(empty)'}", markup=False)
            yield Static(f"Grader: {mark}, {clean(result.reason, 300)}", markup=False)
            with RadioSet(id="own-mark", classes="across", compact=True):
                yield Radio("pass", passed)
                yield Radio("FAIL", not passed)
            yield Line(own.reason if own else "", placeholder="why, kept in the packet", id="reason", max_length=2_000)
            yield Static(KEYS, classes="dialog-keys", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        passed = self.query_one(RadioSet).pressed_index == 0
        self.dismiss(OverruleMark(case=self._result.case, passed=passed, reason=event.value.strip()))

    def action_cancel(self) -> None:
        self.dismiss(None)
