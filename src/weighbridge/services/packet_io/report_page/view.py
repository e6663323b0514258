"""What the page shows, as frozen values: the templates lay them out and compute nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Tone = Literal["", "number", "unmeasured", "good", "bad", "warn", "absent", "code", "name"]
"""How a cell is set. It never says anything that the words of the cell do not."""


_LONG_WORD = 24
"""Letters of a word that may be broken anywhere: a digest, an address."""


class Cell(NamedTuple):
    """One cell of a table."""

    text: str
    tone: Tone = ""

    @property
    def style(self) -> str:
        """Its classes."""
        long = any(len(word) > _LONG_WORD for word in self.text.split())
        tone = "number absent" if self.tone == "unmeasured" else self.tone
        return f"{tone} long".strip() if long else tone


@dataclass(frozen=True)
class Table:
    """Rows of cells. The first cell of a row is its header."""

    caption: str
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    stacked: bool = False
    """On a narrow screen the cells of a row stand below each other; figures and the last say what they are."""


class Field(NamedTuple):
    """One named value."""

    name: str
    value: str
    tone: Tone = ""


class Said(NamedTuple):
    """A text from outside: a prompt, an answer. `cut`: a sentence where it is not the whole; else empty.

    `command`: its options are not broken over two lines.
    """

    label: str
    text: str
    cut: str = ""
    command: bool = False


class Tick(NamedTuple):
    """A mark on an axis: percent of the width from the left, or pixels from the top."""

    at: float
    label: str


class Shape(NamedTuple):
    """An SVG path: x in 0..1000 over the width of the plot, y in pixels from its top. `tone` names its style.

    `earlier`: of an attempt that the figures are not of.
    """

    path: str
    tone: str
    earlier: bool = False


class Rule(NamedTuple):
    """A level across the plot, pixels from its top; it begins `left` percent of the width from the left."""

    y: float
    tone: str
    left: float = 0.0


class Mark(NamedTuple):
    """A moment: percent of the width, and its words `y` pixels from the top. `side`: "before" sets them on its left."""

    x: float
    y: float
    text: str
    side: str = ""


class Dot(NamedTuple):
    """A value of its own: percent of the width, pixels from the top, and its words."""

    x: float
    y: float
    tone: str
    title: str


class Span(NamedTuple):
    """A stretch of time below the plot, percent of the width. `label` is empty where it has no room."""

    x: float
    width: float
    label: str
    title: str


class Key(NamedTuple):
    """A line of the legend. An empty tone has no sign: the value is outside the plot."""

    tone: str
    text: str


@dataclass(frozen=True)
class Plot:
    """One plot with its words: `title` and `description` are what a screen reader tells of it."""

    id: str
    title: str
    description: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    shapes: tuple[Shape, ...] = ()
    rules: tuple[Rule, ...] = ()
    dots: tuple[Dot, ...] = ()
    spans: tuple[Span, ...] = ()
    attempts: tuple[Span, ...] = ()
    """A second strip, below that of the phases."""
    marks: tuple[Mark, ...] = ()
    keys: tuple[Key, ...] = ()
    note: str = ""
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What was decided. `word`: the choice, or that there is none."""

    word: str
    stands: bool
    sentence: str
    fields: tuple[Field, ...]
    options: Table
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class CaseView:
    """One case with what was asked, answered and marked."""

    id: str
    mark: str
    tone: Tone
    fields: tuple[Field, ...]
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Results:
    """The eval: score first, then rows, then texts. `sample`: which cases are shown where not all are; else empty."""

    state: str
    score: str
    meaning: tuple[str, ...]
    reasons: tuple[str, ...]
    sample: str
    table: Table | None
    cases: tuple[CaseView, ...]


@dataclass(frozen=True)
class Part:
    """A section of paragraphs, fields, texts, lists and tables."""

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    said: tuple[Said, ...] = ()
    items: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


class Link(NamedTuple):
    """A file beside the page."""

    address: str
    name: str


@dataclass(frozen=True)
class View:
    """The whole page, in its order."""

    title: str
    lead: str
    facts: tuple[Field, ...]
    decision: Decision
    evidence: Table
    results: Results | None
    before: tuple[Part, ...]
    """Sections between the results and the plots."""
    plots: tuple[Plot, ...]
    no_plots: str
    """Why there is no plot; empty where there is one."""
    after: tuple[Part, ...]
    missing: tuple[Part, ...]
    files: tuple[Link, ...]
