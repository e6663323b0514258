"""A proof beside the one of the packet that its recipe came from: first the verdict, then what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from weighbridge.domain.proof.repeating import Group, reproduced
from weighbridge.domain.proof.repeating import Row as Compared
from weighbridge.domain.text import clean_line
from weighbridge.tui.widgets.sheet import Row, Sheet

TITLES: dict[Group, str] = {"output": "Answers", "recipe": "Recipe", "figure": "Figures", "machine": "Machine"}


def comparison_rows(rows: Sequence[Compared]) -> Iterator[Row]:
    """All figures, and of the rest what differs; what is equal is counted."""
    for group, title in TITLES.items():
        own = [row for row in rows if row.group == group]
        if not own:
            continue
        if group == "figure":
            yield Row(title, "measured anew: they differ from run to run", "head")
            yield from (Row(f"  {clean_line(row.what, 40)}", _words(row)) for row in own)
            continue
        equal = sum(row.equal for row in own)
        yield Row(title, f"{equal} of {len(own)} equal", "good" if equal == len(own) else "head")
        for row in own:
            if not row.equal:
                yield Row(f"  {clean_line(row.what, 40)}", f"≠ {_words(row)}", "warn")


def _words(row: Compared) -> str:
    """`36.1 → 35.8 (0.99)`, before → now (now / before), and why."""
    ratio = f" ({row.ratio:.2f})" if row.ratio is not None else ""
    note = f" · {row.note}" if row.note else ""
    return f"{row.before} → {row.now}{ratio}{note}"


class ComparisonScreen(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="comparison.close", tooltip="Back to the proof")
    ]

    def __init__(self, packet: str, rows: Sequence[Compared], notes: str) -> None:
        super().__init__()
        self._packet, self._rows, self._notes = packet, rows, notes

    def compose(self) -> ComposeResult:
        verdict = "✓ Reproduced: every answer is equal." if reproduced(self._rows) else "✗ Not reproduced."
        with Vertical(classes="dialog wide-dialog"):
            yield Static(f"{verdict} Packet: {clean_line(self._packet, 40)}", classes="dialog-title", markup=False)
            if self._notes:
                yield Static(f"! Not as recorded: {clean_line(self._notes)}", markup=False)
            with VerticalScroll(id="comparison"):
                yield Sheet(comparison_rows(self._rows), label_width=26)
            yield Static("before → now (now / before) · escape closes · arrows scroll", classes="dialog-keys")
