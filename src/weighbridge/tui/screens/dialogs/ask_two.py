"""Asks for the two packets that are compared: typed, or picked from those that the runs here have saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from weighbridge.domain.text import clean_line
from weighbridge.session.runs.run_list import KnownPacket
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.status_line import Notice, StatusLine
from weighbridge.tui.words.middle import middle

TITLES = {"old": "Earlier packet", "new": "Later packet"}


def packet_line(one: KnownPacket, width: int) -> Content:
    """`2026-01-02 03:04  keep  bridge  weighbridge-packet-2026…-ab12`: when, what was decided, the name, the folder."""
    facts = (one.saved_at[:16].replace("T", " "), one.decision or "", clean_line(one.run_name, 20))
    about = "  ".join(fact for fact in facts if fact)
    path = middle(clean_line(one.path, 4_000), max(12, width - cell_len(about) - 2))
    return Content.assemble((about, "$foreground-muted"), f"  {path}")


class AskTwo(ModalScreen[tuple[str, str] | None]):
    """Asks for two folders; None where the person turns away. `known`: the packets to pick from, the newest first."""

    DEFAULT_CSS = """
    AskTwo #picking { color: $foreground-muted; margin-top: 1; }
    AskTwo #packets { height: 1fr; min-height: 3; border: none; padding: 0; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="ask-two.cancel", tooltip="Compare nothing"),
        Binding("down", "list", "Pick", id="ask-two.list", tooltip="To the packets of this machine", priority=True),
    ]

    def __init__(self, old: str, new: str, known: Sequence[KnownPacket] = ()) -> None:
        super().__init__()
        self._paths, self._known = {"old": old, "new": new}, tuple(known)
        self._asked = "old"
        """The field that a picked packet is put into: the one that had the focus last."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog" if self._known else "dialog", id="ask-two"):
            yield Static("Compare two packets; both are checked first.", classes="dialog-title", markup=False)
            for name, title in TITLES.items():
                yield Static(title, classes="setting-title", markup=False)
                folder = f"folder of the {title.lower()}"
                yield Line(self._paths[name], placeholder=folder, id=name, compact=True, max_length=4_000)
            if self._known:
                yield Static(id="picking", markup=False)
                yield OptionList(id="packets", markup=False)
            yield StatusLine()
            keys = "↓ picks · " if self._known else ""
            yield Static(f"Enter compares · {keys}tab: other · escape", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self._field("new" if self._paths["old"] else "old").focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        """Draws the list in the width that there is; the highlight stays."""
        for packets in self.query("#packets").results(OptionList):
            at, width = packets.highlighted, packets.scrollable_content_region.width
            packets.set_options([Option(packet_line(one, width)) for one in self._known])
            packets.highlighted = at or 0

    def _field(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget.id in TITLES:
            self._asked = event.widget.id
        for said in self.query("#picking").results(Static):
            said.update(f"Packets of this machine, for: {TITLES[self._asked]}")

    @on(OptionList.OptionSelected, "#packets")
    def _picked(self, event: OptionList.OptionSelected) -> None:
        """Puts the packet into the field, and goes to the other one if that is still empty."""
        event.stop()
        self._field(self._asked).value = self._known[event.option_index].path
        self.query_one(StatusLine).show(Notice(""))
        empty = next((name for name in TITLES if not self._field(name).value.strip()), self._asked)
        self._field(empty).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        """Goes on to the folder that is not named yet, or compares."""
        event.stop()
        empty = next((name for name in TITLES if not self._field(name).value.strip()), None)
        if empty is None:
            self.dismiss((self._field("old").value.strip(), self._field("new").value.strip()))
        elif self._field(empty) is event.input:
            pick = "Type its folder, or pick one with ↓." if self._known else "Each is a folder."
            self.query_one(StatusLine).show(Notice("Name both packets.", pick, "problem"))
        else:
            self._field(empty).focus()

    def action_list(self) -> None:
        """Down leads from a field to the list, and on in it. Before a field has the key, which would scroll itself."""
        for packets in self.query("#packets").results(OptionList):
            if packets.has_focus:
                packets.action_cursor_down()
            packets.focus()

    def action_cancel(self) -> None:
        self.dismiss(None)
