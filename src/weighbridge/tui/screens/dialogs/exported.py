"""A dialog: what an export gives, to read, to copy, and to write to a file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from weighbridge.domain.problems import Problem
from weighbridge.domain.text import clean, clean_line
from weighbridge.services.atomic import write_atomic
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.status_line import Notice, StatusLine

ENDINGS = {"skypilot": ".sky.yaml", "dstack": ".dstack.yml"}
"""Of the files; a command is written as a shell script."""
KEYS = "Enter writes it to this file · f2 reads on · escape closes"


class ExportedScreen(ModalScreen[None]):
    """The text, and the line that says where it goes. A file that is there already needs a second Enter."""

    AUTO_FOCUS = "#target"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="exported.close", tooltip="Back to the step"),
        Binding("f2", "read", "Read on", id="exported.read", tooltip="Arrows scroll the text", priority=True),
    ]
    DEFAULT_CSS = """
    ExportedScreen VerticalScroll { height: 1fr; border: round $panel; padding: 0 1; }
    ExportedScreen VerticalScroll:focus { border: round $primary; }
    ExportedScreen StatusLine { padding: 0; }
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self._format, self._text = name, text
        self._sure = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog"):
            yield Static(f"Export: {clean_line(self._format, 40)}", classes="dialog-title", markup=False)
            with VerticalScroll(id="exported"):
                yield Static(clean(self._text, len(self._text) + 1), markup=False)
            yield Line(f"weighbridge{ENDINGS.get(self._format, '.sh')}", id="target", compact=True, max_length=4_000)
            yield StatusLine(id="exported-status")
            yield Static(KEYS, classes="dialog-keys", markup=False)

    def action_read(self) -> None:
        """To the text, and back to the line."""
        text = self.query_one("#exported")
        (self.query_one("#target") if text.has_focus else text).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        if not typed:
            self._say(Notice("Say where it goes.", kind="problem"))
            return
        path = Path(typed).expanduser()
        if path.exists() and self._sure != typed:
            self._sure = typed
            self._say(Notice(f"{clean_line(typed, 120)} exists already.", "Enter once more replaces it.", "problem"))
            return
        try:
            write_atomic(path.absolute(), self._text.encode())
        except Problem as problem:
            self._say(Notice.of(problem))
            return
        self._say(Notice(f"Written: {clean_line(typed, 200)}.", "escape closes."))

    def _say(self, notice: Notice) -> None:
        self.query_one(StatusLine).show(notice)
