"""Context lengths that the prose and the tables of a model card name, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from weighbridge.services.card.plain_words import first_words, plain_words

LEAST, MOST = 256, 20_000_000
MAX_CLAIMS = 50
_SEEN_OF_A_LINE = 2_000
_TABLE_ROWS = 40

_NUMBER = r"(?<![\d.,])(\d{1,3}(?:[, ]\d{3}){1,9}|\d{10,}|\d{1,9}(?:\.\d{1,3})?)(?![\d])\s?([kKmM](?![a-zA-Z]))?"
_NAME = r"(?:context(?:ual)?[ -]?(?:length|window|size)s?|max(?:imum)?[ -](?:sequence|seq)[ -]length)"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NAME}[^.\n|\d]{{0,60}}{_NUMBER}",
        rf"{_NUMBER}[- ]?(?:tokens?|tok)?[- ](?:of )?(?:max(?:imum)? )?context\b",
        rf"\bcontext of (?:up to |about )?{_NUMBER}",
        rf"\bmax_position_embeddings\W{{1,6}}{_NUMBER}",
    )
)
_TOLD = re.compile(r"context|max_position_embeddings|max(?:imum)?[ -]seq")
_HEADER = re.compile(r"\bcontext\b|context_length", re.IGNORECASE)
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[-: \t|]*)?")
_CELL = re.compile(_NUMBER)


class ContextClaim(NamedTuple):
    """`value`: tokens, `k` read as 1,024. `least` to `value`: what the words may mean (32k is 32,000 or 32,768).

    Both are 0 where the words claim more than `MOST`, which no model has.
    """

    value: int
    least: int
    line: int
    quote: str


def context_claims(lines: Sequence[str], offset: int, fenced: frozenset[int]) -> tuple[ContextClaim, ...]:
    """At most 50, in the order of the card. `offset`: how many lines of the card stand before `lines`."""
    found: list[ContextClaim] = []
    table_end = 0
    for index, whole in enumerate(lines):
        line = whole[:_SEEN_OF_A_LINE].lower()
        if index in fenced or index < table_end or not _TOLD.search(line):
            continue
        if "|" not in line:
            found += _in_prose(lines, index, offset)
        else:
            claims, table_end = _in_table(lines, index, offset)
            found += claims
        if len(found) >= MAX_CLAIMS:
            break
    return tuple(found[:MAX_CLAIMS])


def _after(lines: Sequence[str], index: int) -> str:
    """The next line where it goes on with the same paragraph, for a sentence that was wrapped."""
    following = lines[index + 1][:200] if index + 1 < len(lines) else ""
    return "" if following.lstrip()[:1] in ("", "#", "|", "-", "*", "+", "<", "`", ">") else following.strip()


def _in_prose(lines: Sequence[str], index: int, offset: int) -> Iterator[ContextClaim]:
    line = lines[index][:_SEEN_OF_A_LINE]
    text = f"{line} {_after(lines, index)}"
    seen: set[int] = set()
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if match.start() < len(line) and match.start(1) not in seen:
                seen.add(match.start(1))
                yield from _claim(match, offset + index + 1, line)


def _in_table(lines: Sequence[str], index: int, offset: int) -> tuple[list[ContextClaim], int]:
    """The columns under a heading that names the context, or the other cells of a row that begins with it.

    With the index of the first line that was not read as a row.
    """
    cells = _cells(lines[index])
    columns = [number for number, cell in enumerate(cells) if _HEADER.search(cell)]
    rows = range(index, index + 1)
    ruled = index + 1 < len(lines) and _RULE.fullmatch(lines[index + 1][:_SEEN_OF_A_LINE])
    if ruled and not (columns == [0] and _CELL.search("|".join(cells[1:]))):
        rows = range(index + 2, min(index + 2 + _TABLE_ROWS, len(lines)))
    elif 0 in columns:
        columns = list(range(1, len(cells)))
    else:
        return [], index + 1
    claims: list[ContextClaim] = []
    for number in rows:
        row = _cells(lines[number])
        if len(row) < 2:
            return claims, number
        for column in columns:
            if column < len(row) and (match := _CELL.search(row[column])):
                claims += _claim(match, offset + number + 1, lines[number])
    return claims, rows.stop


def _cells(line: str) -> list[str]:
    return line[:_SEEN_OF_A_LINE].strip().strip("|").split("|") if "|" in line[:_SEEN_OF_A_LINE] else []


def _claim(match: re.Match[str], line: int, words: str) -> Iterator[ContextClaim]:
    """Nothing where the number cannot be a context length."""
    number = float(match[1].replace(",", "").replace(" ", ""))
    power = {"": 0, "k": 1, "m": 2}[(match[2] or "").lower()]
    if number * 1000**power > MOST:
        yield ContextClaim(0, 0, line, first_words(plain_words([words])))
    elif number * 1024**power >= LEAST:
        yield ContextClaim(
            int(number * 1024**power), int(number * 1000**power), line, first_words(plain_words([words]))
        )
