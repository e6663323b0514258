"""The table of cases: a row a case, updated cell by cell as marks come in."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import DataTable

from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.tui.widgets.figures import UNKNOWN, number, seconds

COLUMNS = (("case", "case", 14), ("mark", "mark", 6), ("ttft", "TTFT", 6), ("rate", "tok/s", 5))
ANSWER_LEAST = 10


def mark_text(result: CaseResult | None, running: bool) -> Text:
    """The mark in a sign and a word."""
    if result is None:
        return Text("▶ runs" if running else "· open", style="bold" if running else "dim")
    return Text("✓ pass", style="green") if result.counts else Text("✗ FAIL", style="bold red")


def cells(case: Case, result: CaseResult | None, running: bool) -> dict[str, Text]:
    """The row of a case, as text that is never markup."""
    row = {"case": Text(clean_line(case.id, 12) + (" *" if case.must_pass else ""))}
    row["mark"] = mark_text(result, running)
    if result is None:
        blank = Text(UNKNOWN, style="dim", justify="right")
        return row | {"ttft": blank, "rate": blank, "answer": Text("")}
    row["ttft"] = Text(seconds(result.ttft_s), justify="right")
    row["rate"] = Text(number(result.decode_tokens_per_s, 1), justify="right")
    row["answer"] = Text.assemble((flags(result), "bold"), clean_line(result.output or result.failure, 200))
    row["answer"].no_wrap, row["answer"].overflow = True, "ellipsis"
    return row


def flags(result: CaseResult) -> str:
    """What has to be known before the answer is read: `! by you · ! not whole · ! unstable · 2/3 · reused · `."""
    signs = ["! by you"] if result.overruled else []
    if result.failure:
        signs.append("! not whole")
    if result.unstable:
        signs.append("! unstable")
    if result.repeats > 1:
        signs.append(f"{'?' if result.repeats_passed is None else result.repeats_passed}/{result.repeats}")
    if result.reused_tokens:
        signs.append("reused")
    return "".join(f"{sign} · " for sign in signs)


KEPT = 200
"""Cells and lines kept as drawn."""


class CaseTable(DataTable[Text]):
    """`show` draws pack, results and the case that runs; the cursor follows the run until the person moves it."""

    DEFAULT_CSS = """
    CaseTable { height: auto; max-height: 8; background: transparent; overflow-x: hidden; scrollbar-size: 0 0;
                border-bottom: solid $panel; border-subtitle-color: $foreground-muted; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, cursor_type="row")
        self._followed = 0
        self._drawn: dict[str, tuple[CaseResult | None, bool]] = {}
        # Textual keeps 10,000 cells and 1,000 lines as drawn, for a long pack some 15 MB: a few screens are enough.
        for cache in (self._cell_render_cache, self._row_render_cache, self._line_cache):
            cache.maxsize = KEPT
        for key, label, width in COLUMNS:
            self.add_column(label, key=key, width=width)
        self.add_column("answer", key="answer", width=ANSWER_LEAST)

    def on_resize(self) -> None:
        """Gives the answers what is left of the width."""
        taken = sum(width + 2 * self.cell_padding for _, _, width in COLUMNS) + 2 * self.cell_padding
        column = next(c for key, c in self.columns.items() if key == "answer")
        column.width = max(ANSWER_LEAST, self.size.width - taken - 1)
        self.refresh(layout=True)
        self._count()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._count()

    def _count(self) -> None:
        """Says below the rows how many more there are on either side: the page has the one scroll bar."""
        above = int(self.scroll_target_y)
        below = self.row_count - above - (self.size.height - self.header_height)
        sides = ((above, f"{above:,} more above"), (below, f"{below:,} more below"))
        self.border_subtitle = ", ".join(said for many, said in sides if many > 0)

    def show(self, pack: CasePack, results: dict[str, CaseResult], running: str) -> None:
        """Rows by key: a row appears once, then only its changed cells are drawn."""
        ids = [case.id for case in pack.active]
        if [key.value for key in self.rows] != ids:
            self.clear()
            self._drawn.clear()
            for case in pack.active:
                self.add_row(*cells(case, None, False).values(), key=case.id)
        for case in pack.active:
            shown = results.get(case.id), case.id == running
            if self._drawn.get(case.id) == shown:
                continue
            self._drawn[case.id] = shown
            for column, cell in cells(case, *shown).items():
                if self.get_cell(case.id, column) != cell:
                    self.update_cell(case.id, column, cell)
        if running in ids and self.cursor_row == self._followed:
            self._followed = ids.index(running)
            self.move_cursor(row=self._followed)
