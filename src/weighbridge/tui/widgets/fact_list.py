"""The facts of a model card, one row each: name, value, and how it is known; and one fact in full."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from weighbridge.domain.facts import Claim, Fact
from weighbridge.domain.model.card import FIELDS, CardFacts
from weighbridge.domain.text import clean_line
from weighbridge.tui.widgets.sheet import Row

TITLE = 18
STATUS = 11


def value_words(fact: Fact) -> str:
    """The value in one line; what sources disagree on, side by side."""
    if fact.status == "missing":
        return "not known"
    if fact.status == "conflicting":
        return " ≠ ".join(dict.fromkeys(clean_line(str(claim.value), 60) for claim in fact.claims))
    return clean_line(fact.text, 400)


def fact_line(title: str, fact: Fact, width: int) -> Content:
    """`Licence          apache-2.0           declared`."""
    room = _room(width)
    value = value_words(fact)
    value = value if len(value) <= room else value[: room - 1] + "…"
    unsure = fact.status in ("missing", "conflicting")
    return Content.assemble(
        f"{title:<{TITLE}}",
        (f"{value:<{room}} ", "$foreground-muted" if fact.status == "missing" else "bold"),
        (f"{fact.status:>{STATUS}}", "$text-warning" if unsure else "$foreground-muted"),
    )


def _room(width: int) -> int:
    return max(10, width - TITLE - STATUS - 1)


def fact_details(fact: Fact, width: int) -> Iterator[Row]:
    """What the row of a fact leaves out: source and quote; every claim; the reason of a gap; a value longer than it.

    `width`: columns of the row.
    """
    if fact.status == "missing":
        yield Row("Missing", fact.reason, "warn")
        return
    for claim in fact.claims:
        yield Row("Says", f"{claim.value}: {_said(claim.source, claim.quote, claim.line)}", "warn")
    if fact.status == "conflicting":
        yield Row("", "Sources disagree: type what holds.", "warn")
        return
    if len(value_words(fact)) > _room(width) and clean_line(fact.quote, 400) != value_words(fact):
        yield Row("Value", value_words(fact), "head")
    yield Row("Source", _said(fact.source, fact.quote, fact.line))


def _said(source: str, quote: str, line: int | None) -> str:
    place = f", line {line}" if line is not None and f"line {line}" not in source else ""
    words = f" “{clean_line(quote, 240)}”" if quote else ""
    return f"{clean_line(source, 200)}{place}{words}"


def places(fact: Fact) -> list[int]:
    """The lines of the model card that speak of a fact, in order and once each."""
    said: tuple[Claim | Fact, ...] = (fact, *fact.claims)
    return list(dict.fromkeys(one.line for one in said if one.line is not None))


class FactList(OptionList):
    """One row a fact; ids of options are names of fields."""

    DEFAULT_CSS = """
    FactList { height: auto; border: none; padding: 0; background: transparent;
               text-wrap: nowrap; text-overflow: ellipsis; }
    FactList:focus { border: none; }
    FactList > .option-list--option { padding: 0; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._card: CardFacts | None = None
        self._width = 0

    def show(self, card: CardFacts) -> None:
        """The facts of a card; the highlight stays where it is."""
        self._card, self._width = card, self.scrollable_content_region.width
        at = self.highlighted
        self.set_options(
            [Option(fact_line(f.title, getattr(card, f.name), self._width), id=f.name) for f in FIELDS],
        )
        self.highlighted = at or 0

    def on_resize(self) -> None:
        if self._card is not None and self.scrollable_content_region.width != self._width:
            self.show(self._card)

    @property
    def field(self) -> str:
        """The name of the highlighted field."""
        return FIELDS[self.highlighted or 0].name
