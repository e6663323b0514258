"""The model files of one repository: what each is, what it needs on this machine, and which one is recommended."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widgets import OptionList

from weighbridge.domain.model.files import FileRow, HubView
from weighbridge.domain.text import clean_line
from weighbridge.tui.widgets.figures import UNKNOWN, mib, size_words
from weighbridge.tui.widgets.sheet import Row, Tone
from weighbridge.tui.widgets.wrap import middle

VERDICTS: dict[str, tuple[str, str, Tone]] = {
    "fits": ("✓ fits", "with at least 15 % to spare", "good"),
    "tight": ("! tight", "more than 85 % of what is available may be needed", "warn"),
    "does_not_fit": ("✗ too large", "more than what is available", "bad"),
    "unknown": ("– unknown", "its need is not known before its header is read", "muted"),
}
UNUSABLE: tuple[str, Tone] = ("✗ unusable", "bad")
"""In place of a verdict, where a file cannot be chosen."""
COLOURS: dict[Tone, str] = {"good": "$text-success", "warn": "$text-warning", "bad": "$text-error"}
HEADING = f"  {'quant':<10} {'size':>9} {'need':>9}  {'here':<11} file"
LEAST_NAME = 9
NAME_IN_FULL, NAME_IN_REASON = 88, 36
"""Longest names below the list: two rows of the smallest terminal, and a part of one."""


def file_line(row: FileRow, recommended: bool, width: int) -> Content:
    """One row: the end of a long name says more than its beginning, so that is what stays."""
    known, _, known_tone = VERDICTS[row.verdict]
    verdict, tone = (known, known_tone) if row.file.choosable else UNUSABLE
    start = f"{'★' if recommended else ' '} {row.file.label or UNKNOWN:<10.10} {size_words(row.file.size_bytes):>9}"
    need = f" {size_words(row.need_bytes):>9}  "
    room = max(LEAST_NAME, width - len(start) - len(need) - 12)
    name = clean_line(row.file.name.rsplit("/", 1)[-1], 200)
    name = name if len(name) <= room else "…" + name[1 - room :]
    return Content.assemble(
        (start, "bold" if recommended else ""),
        need,
        (f"{verdict:<11}", COLOURS.get(tone, "")),
        (f" {name}", "$foreground-muted"),
    )


def file_details(view: HubView, row: FileRow) -> Iterator[Row]:
    """The highlighted file in full, and why it is recommended, if it is."""
    others = len(row.file.parts) - 1
    parts = f" and {others} more part{'s' if others > 1 else ''}" if others > 0 else ""
    yield Row("File", f"{middle(row.file.name, NAME_IN_FULL - len(parts))}{parts}")
    if row.file.problem:
        yield Row("! problem", row.file.problem, "bad" if not row.file.choosable else "warn")
    verdict, why, tone = VERDICTS[row.verdict]
    need = "" if row.need_bytes is None else f"about {mib(row.need_bytes)} of memory: "
    yield Row("Here", f"{need}{verdict}, {why}", tone)
    if view.reason and (row.file.name == view.recommended or not view.recommended):
        reason = view.reason.replace(row.file.name, middle(row.file.name, NAME_IN_REASON))
        yield Row("★ advised" if view.recommended else "Advice", reason, "head")


class WeightsList(OptionList):
    """Enter chooses a file."""

    DEFAULT_CSS = """
    WeightsList { height: 1fr; min-height: 3; border: none; padding: 0; background: transparent;
                  text-wrap: nowrap; text-overflow: ellipsis; scrollbar-gutter: stable; }
    WeightsList:focus { border: none; }
    WeightsList > .option-list--option { padding: 0; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._view: HubView | None = None
        self._width = 0

    def show(self, view: HubView) -> None:
        """The files of a repository, the recommended one highlighted."""
        self._view = view
        self._draw()
        names = [row.file.name for row in view.rows]
        self.highlighted = names.index(view.recommended) if view.recommended in names else 0 if names else None

    def on_resize(self) -> None:
        if self._view is not None and self.scrollable_content_region.width != self._width:
            at = self.highlighted
            self._draw()
            self.highlighted = at

    def _draw(self) -> None:
        assert self._view is not None
        self._width = self.scrollable_content_region.width
        recommended = self._view.recommended
        self.set_options([file_line(row, row.file.name == recommended, self._width) for row in self._view.rows])

    @property
    def row(self) -> FileRow | None:
        """The highlighted file."""
        if self._view is None or self.highlighted is None:
            return None
        return self._view.rows[self.highlighted]
