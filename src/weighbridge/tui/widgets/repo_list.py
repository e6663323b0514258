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


def repo_rows(row: SearchRow) -> Content:
    """Repository and gate; below them weights, architecture, licence, use and date. A dash is not known."""
    gate = "  ! gated: ask for access first" if row.gate else ""
    facts = (
        f"{count(row.n_params)} weights" if row.n_params else "",
        row.architecture,
        row.licence or f"licence {UNKNOWN}",
        f"{count(row.downloads)} downloads",
        f"{count(row.likes)} likes",
        row.last_modified[:10],
    )
    return Content.assemble(
        (row.repo, "bold"),
        (gate, "$text-warning"),
        "\n",
        ("  " + " · ".join(fact for fact in facts if fact), "$foreground-muted"),
    )


class RepoList(OptionList):
    """Enter opens a repository. A key changes one limit and asks for the search again."""

    DEFAULT_CSS = """
    RepoList { height: 1fr; min-height: 4; border: none; padding: 0; background: transparent; }
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

    def show(self, query: Query, rows: tuple[SearchRow, ...]) -> None:
        """Other repositories; the first is highlighted."""
        self._query = query
        # Ids of options must be unique, and a server may repeat itself.
        unique = {row.repo: row for row in rows}
        self.set_options([Option(repo_rows(row), id=repo) for repo, row in unique.items()])
        self.highlighted = 0 if unique else None

    def action_sort(self) -> None:
        self.post_message(self.Limited(hub_query.next_sort(self._query)))

    def action_size(self) -> None:
        self.post_message(self.Limited(hub_query.next_size(self._query)))

    def action_gate(self) -> None:
        self.post_message(self.Limited(hub_query.next_gate(self._query)))

    def action_licence(self) -> None:
        self.post_message(self.Limited(self._query, ask_licence=True))
