"""Two packets side by side: what may not be compared and why, then what became worse, and all the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from weighbridge.domain.compare.comparison import Comparison
from weighbridge.domain.compare.side import SideHead
from weighbridge.domain.compare.words import Tone as Said
from weighbridge.domain.compare.words import sections, verdict
from weighbridge.domain.text import clean_line
from weighbridge.tui.sizes import NARROW_BELOW
from weighbridge.tui.widgets.sheet import Row, Sheet, Tone
from weighbridge.tui.words.middle import middle

_SIGNS: dict[Said, str] = {"good": "✓ ", "bad": "✗ ", "warn": "! "}
_TONES: dict[Said, Tone] = {"text": "text", "muted": "muted", "good": "good", "bad": "bad", "warn": "warn"}
NAME_CELLS = 28
"""Cells that the folder of a packet takes at most: one line of the value column in 60 columns."""


def not_comparable(found: Comparison) -> Iterator[Row]:
    """What may not be compared, and why; nothing where all may be."""
    may = found.allowed
    parts = (
        ("cases", may.cases, may.cases_why),
        ("gate", may.gate, may.gate_why),
        ("figures (proof)", may.proof, may.proof_why),
        ("figures (eval)", may.eval, may.eval_why),
    )
    left = [(label, why) for label, allowed, why in parts if not allowed]
    if left:
        yield Row("May not be compared")
        yield from (Row(f"  {label}", f"! {clean_line(why, 4_000)}", "warn") for label, why in left)
        yield Row("")


def compared_rows(found: Comparison) -> Iterator[Row]:
    """First what may not be compared, then every section under its title; no colour without a sign."""
    yield from not_comparable(found)
    short = found.model_copy(update={"old": _short(found.old), "new": _short(found.new)})
    for at, section in enumerate(sections(short)):
        if at:
            yield Row("")
        yield Row(section.title)
        for line in section.lines:
            text = f"{_SIGNS.get(line.tone, '')}{line.text}"
            yield Row(f"  {clean_line(line.label, 40)}", clean_line(text, 4_000), _TONES[line.tone])


def _short(head: SideHead) -> SideHead:
    return head.model_copy(update={"packet": middle(clean_line(head.packet, 4_000), NAME_CELLS)})


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
        label_width = 15 if self.app.size.width < NARROW_BELOW else 20
        with Vertical(classes="dialog wide-dialog"):
            yield Static(f"{_SIGNS.get(said.tone, '')}{said.text}", classes="dialog-title", markup=False)
            with VerticalScroll(id="compared"):
                yield Sheet(compared_rows(self._found), label_width=label_width)
            yield Static("old → new · escape closes · arrows scroll", classes="dialog-keys", markup=False)
