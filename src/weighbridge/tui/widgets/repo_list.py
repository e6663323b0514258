"""The repositories that a search found: two rows each, and keys for the limits of the search."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from weighbridge.domain.model.hub import Query, SearchRow
from weighbridge.tui import hub_query
from weighbridge.tui.widgets.figures import UNKNOWN, count
from weighbridge.tui.widgets.wrap import middle


def repo_rows(row: SearchRow, width: int) -> Content:
    """Repository and gate; below them weights, architecture, licence, use and date. A dash is not known."""
    gate = "  ! gated" if row.gate else ""
    room = width - len(gate)
    return Content.assemble(
        (middle(row.repo, room), "bold"), (gate, "$text-warning"), "\n", (_facts(row, width), "$foreground-muted")
    )


def _facts(row: SearchRow, width: int) -> str:
    """In full, or in short where that is too long for one row."""
    licence = row.licence or f"licence {UNKNOWN}"
    weights = count(row.n_params) if row.n_params else ""
    downloads, likes, date = count(row.downloads), count(row.likes), row.last_modified
    full = (weights and f"{weights} weights", row.architecture, licence, f"{downloads} downloads", f"{likes} likes")
    line = _joined(*full, date[:10])
    if len(line) <= width:
        return line
    return _joined(f"{weights} {row.architecture}".strip(), licence, f"{downloads} dl, {likes} likes", date[:7])


def _joined(*facts: str) -> str:
    return "  " + " · ".join(fact for fact in facts if fact)


class RepoList(OptionList):
    """Enter opens a repository. A key changes one limit and asks for the search again."""

    DEFAULT_CSS = """
    RepoList { height: 1fr; min-height: 4; border: none; padding: 0; background: transparent;
               scrollbar-gutter: stable; }
    RepoList > .option-list--option { padding: 0; }
    RepoList:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "Sort", id="search.sort", tooltip="Order: downloads, likes, trending, updated, created"),
        Binding("z", "size", "Size", id="search.size", tooltip="Limit of size: any, 1B, 3B, 8B, 15B weights"),
        Binding("l", "licence", "Licence", id="search.licence", tooltip="Only one licence, by its id on the Hub"),
        Binding("g", "gate", "Gated", id="search.gate", tooltip="Gated or not, not gated, gated only"),
    ]

    class Limited(Message):
        """Another limit is wanted. `ask_licence`: which licence has still to be asked."""

        def __init__(self, query: Query, *, ask_licence: bool = False) -> None:
            super().__init__()
            self.query, self.ask_licence = query, ask_licence

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._query = Query()
        self._rows: dict[str, SearchRow] = {}
        self._width = 0

    def show(self, query: Query, rows: tuple[SearchRow, ...]) -> None:
        """Other repositories; the first is highlighted."""
        self._query = query
        # Ids of options must be unique, and a server may repeat itself.
        self._rows = {row.repo: row for row in rows}
        self._draw()
        self.highlighted = 0 if self._rows else None

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._width:
            at = self.highlighted
            self._draw()
            self.highlighted = at

    def _draw(self) -> None:
        self._width = self.scrollable_content_region.width
        self.set_options([Option(repo_rows(row, self._width), id=repo) for repo, row in self._rows.items()])

    def action_sort(self) -> None:
        self.post_message(self.Limited(hub_query.next_sort(self._query)))

    def action_size(self) -> None:
        self.post_message(self.Limited(hub_query.next_size(self._query)))

    def action_gate(self) -> None:
        self.post_message(self.Limited(hub_query.next_gate(self._query)))

    def action_licence(self) -> None:
        self.post_message(self.Limited(self._query, ask_licence=True))
