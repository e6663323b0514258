"""A model card as numbered lines: what each one is in Markdown, and where it breaks at a width. No widget here."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from rich.cells import get_character_cell_size

from weighbridge.domain.model.card_text import readable

Kind = Literal["text", "heading", "code", "quote", "list", "table", "front"]

MAX_LINE = 20_000
"""Characters of one line that are shown."""
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")
_ITEM = re.compile(r"\s*([-*+]|\d{1,9}[.)])\s+")
_FRONT_EDGE = "---"
_FILLER = "\0"
"""Never in a cleaned line."""


def parted(text: str) -> list[str]:
    """The lines of a card, cleaned, and counted as its facts count them."""
    return readable(text).split("\n") if text else []


def kinds(lines: Sequence[str]) -> list[Kind]:
    """What each line is, in one pass: front matter, fenced code, and the rest by how it begins."""
    end = _front_end(lines)
    found: list[Kind] = ["front"] * end
    fence = ""
    for line in lines[end:]:
        opening = _FENCE.match(line) if fence or "`" in line or "~" in line else None
        if fence:
            found.append("code")
            closes = opening is not None and opening[1].startswith(fence) and not line[opening.end() :].strip()
            fence = "" if closes else fence
        elif opening:
            found.append("code")
            fence = opening[1]
        else:
            found.append(_kind(line))
    return found


def _front_end(lines: Sequence[str]) -> int:
    """How many lines at the start are front matter; 0 where there is none, or no end of it."""
    if not lines or lines[0].rstrip() != _FRONT_EDGE:
        return 0
    return next((at + 1 for at, line in enumerate(lines) if at and line.rstrip() in (_FRONT_EDGE, "...")), 0)


def _kind(line: str) -> Kind:
    start = line.lstrip()[:1]
    if start == "#":
        return "heading" if _HEADING.match(line) else "text"
    if start == ">":
        return "quote"
    if start == "|":
        return "table"
    return "list" if start and start in "-*+0123456789" and _ITEM.match(line) else "text"


def shown(line: str) -> str:
    """One line as it is drawn: not endless, and tabs are spaces."""
    return line[:MAX_LINE].expandtabs(4)


def pieces(line: str, kind: Kind, width: int) -> list[str]:
    """A shown line in rows of at most `width` cells; rows after the first hang below the words of a list or quote."""
    if len(line) <= width and line.isascii():
        return [line]
    line = line if line.isascii() else line.translate(_SPREAD)  # its length is at least its cells
    if len(line) <= width:
        return [_closed(line)]
    words = line.lstrip()
    lead = min(len(line) - len(words), width // 2)
    hang = _hang(line, kind, width)
    first = _row(width - lead).match(words)
    if first is None:
        return [""]
    later = _row(width - hang).findall(words, first.end())
    return [" " * lead + _closed(first[1]), *(" " * hang + _closed(row) for row in later)]


class _Spread(dict[int, str]):
    """A table for `str.translate`, filled as characters are met: those of two cells get a filler behind them."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = char + _FILLER if get_character_cell_size(char) == 2 else char
        return self[code]


_SPREAD = _Spread()


def _closed(row: str) -> str:
    return row.replace(_FILLER, "")


@lru_cache(maxsize=64)
def _row(width: int) -> re.Pattern[str]:
    """One row: as many whole words as fit, or the part of a longer word that fits."""
    return re.compile(rf"\s*(\S.{{0,{width - 1}}}(?=\s|$)|\S{{1,{width}}}(?!{_FILLER}))")


def _hang(line: str, kind: Kind, width: int) -> int:
    if kind == "quote":
        depth = len(line) - len(line.lstrip("> "))
    else:
        item = _ITEM.match(line) if kind == "list" else None
        depth = item.end() if item else 0
    return depth if depth <= width // 3 else 0


class Rows:
    """Which row of the screen shows which line, at one width: sizes of all lines, summed up once."""

    def __init__(self, lines: Sequence[str], kinds: Sequence[Kind], width: int) -> None:
        sizes = (
            1 if len(line) <= width and line.isascii() and "\t" not in line else len(pieces(shown(line), kind, width))
            for line, kind in zip(lines, kinds, strict=True)
        )
        self._starts = list(accumulate(sizes, initial=0))

    @property
    def total(self) -> int:
        return self._starts[-1]

    def start(self, line: int) -> int:
        """The first row of a line (both from 0)."""
        return self._starts[line]

    def at(self, row: int) -> tuple[int, int]:
        """Line, and which of its rows, both from 0. The row must be one of `total`."""
        line = bisect_right(self._starts, row) - 1
        return line, row - self._starts[line]
