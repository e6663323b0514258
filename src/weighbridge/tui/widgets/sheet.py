"""Sheet: label and value side by side, the value wrapped in its own column. Text is text, never markup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.widget import Widget

from weighbridge.domain.text import clean

Tone = Literal["text", "muted", "head", "good", "bad", "warn"]


@dataclass(frozen=True)
class Row:
    """One line of a sheet. A row with an empty value is a heading."""

    label: str
    value: str = ""
    tone: Tone = "text"


def styled(text: str, style: str = "") -> Text:
    """Text from anywhere, safe for a terminal and for Rich."""
    return Text(clean(text), style=style)


class Sheet(Widget):
    """Rows of label and value. `show` replaces them; nothing is drawn anew if they are the same."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"sheet--{name}" for name in ("label", "text", "muted", "head", "good", "bad", "warn")
    }
    DEFAULT_CSS = """
    Sheet { height: auto; width: 1fr; }
    Sheet > .sheet--label { color: $foreground-muted; }
    Sheet > .sheet--text { color: $foreground; }
    Sheet > .sheet--muted { color: $foreground-muted; }
    Sheet > .sheet--head { text-style: bold; }
    Sheet > .sheet--good { color: $text-success; text-style: bold; }
    Sheet > .sheet--bad { color: $text-error; text-style: bold; }
    Sheet > .sheet--warn { color: $text-warning; }
    """

    def __init__(
        self, rows: Iterable[Row] = (), *, label_width: int = 14, id: str | None = None, classes: str = ""
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._rows = tuple(rows)
        self._label_width = label_width

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def show(self, rows: Iterable[Row]) -> None:
        """Draws other rows."""
        new = tuple(rows)
        if new != self._rows:
            self._rows = new
            self.refresh(layout=True)

    def render(self) -> RenderableType:
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(width=self._label_width, no_wrap=False)
        table.add_column(ratio=1)
        for row in self._rows:
            label = "head" if not row.value else "label"
            table.add_row(
                Text(clean(row.label), style=self._style(label)),
                Text(clean(row.value), style=self._style(row.tone), overflow="fold"),
            )
        return table

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(f"sheet--{name}"))
