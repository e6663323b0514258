"""Two packets side by side: asks for both, then shows what may be compared and what became worse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from weighbridge.domain.compare.comparison import Comparison
from weighbridge.domain.compare.words import Tone as Said
from weighbridge.domain.compare.words import sections, verdict
from weighbridge.domain.text import clean_line
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.sheet import Row, Sheet, Tone
from weighbridge.tui.widgets.status_line import Notice, StatusLine

_SIGNS: dict[Said, str] = {"good": "✓ ", "bad": "✗ ", "warn": "! "}
_TONES: dict[Said, Tone] = {"text": "text", "muted": "muted", "good": "good", "bad": "bad", "warn": "warn"}


def compared_rows(found: Comparison) -> Iterator[Row]:
    """Every section under its title; colour never carries a meaning that no sign carries."""
    for at, section in enumerate(sections(found)):
        if at:
            yield Row("")
        yield Row(section.title)
        for line in section.lines:
            text = f"{_SIGNS.get(line.tone, '')}{line.text}"
            yield Row(f"  {clean_line(line.label, 40)}", clean_line(text, 4_000), _TONES[line.tone])


class AskTwo(ModalScreen[tuple[str, str] | None]):
    """Asks for two folders; None where the person turns away. `second`: the packet of this run, if it has one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="ask-two.cancel", tooltip="Compare nothing")
    ]

    def __init__(self, first: str, second: str) -> None:
        super().__init__()
        self._paths = first, second

    def compose(self) -> ComposeResult:
        first, second = self._paths
        with Vertical(classes="dialog"):
            yield Static("Which two packets are compared? Both are checked first.", markup=False)
            yield Static("Earlier packet", classes="setting-title", markup=False)
            yield Line(first, placeholder="folder of the earlier packet", id="old", max_length=4_000)
            yield Static("Later packet", classes="setting-title", markup=False)
            yield Line(second, placeholder="folder of the later packet", id="new", max_length=4_000)
            yield StatusLine()
            yield Static("Enter compares · tab: the other one · escape: nothing", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        old = self.query_one("#old", Input)
        (old if not old.value else self.query_one("#new", Input)).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Goes on to the folder that is not named yet, or compares."""
        event.stop()
        old, new = (self.query_one(name, Input) for name in ("#old", "#new"))
        empty = next((field for field in (old, new) if not field.value.strip()), None)
        if empty is None:
            self.dismiss((old.value.strip(), new.value.strip()))
        elif empty is event.input:
            self.query_one(StatusLine).show(Notice("Name both packets.", "Each is a folder.", "problem"))
        else:
            empty.focus()

    def action_cancel(self) -> None:
        self.dismiss(None)


class CompareScreen(ModalScreen[None]):
    """The comparison itself, its verdict above."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="compare.close", tooltip="Back to the step")
    ]

    def __init__(self, found: Comparison) -> None:
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        said = verdict(self._found)
        with Vertical(classes="dialog wide-dialog"):
            yield Static(f"{_SIGNS.get(said.tone, '')}{said.text}", classes="dialog-title", markup=False)
            with VerticalScroll(id="compared"):
                yield Sheet(compared_rows(self._found), label_width=20)
            yield Static("old → new · escape closes · arrows scroll", classes="dialog-keys", markup=False)
