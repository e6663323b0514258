"""The files that are made of the records, made again and compared byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from weighbridge.services.packet_io import pages
from weighbridge.services.packet_io.contents import LOGS, RECORDS, Contents
from weighbridge.services.packet_io.earlier import is_earlier_schema
from weighbridge.services.packet_io.fill.decision import SOFTWARE

_SHOWN = 160
"""Characters shown of a line that differs."""


def check_texts(c: Contents) -> Iterator[str]:
    """README, notes, plan and schemas."""
    yield from _compare(c, pages.texts(c))
    yield from _compare(c, [pages.read_me(c)])
    if not c.unread:
        known = {*RECORDS, *pages.names(c), c.model.card.file if c.model else None}
        for name in sorted(c.present - known):
            if name.startswith("data/") and not name.startswith(LOGS):
                yield f"{name}: nothing in the records gives this file"


def check_tables(c: Contents) -> Iterator[str]:
    """The shutdown note and the tables, from the events."""
    yield from _compare(c, pages.tables(c))


def check_report(c: Contents) -> Iterator[str]:
    """The page for a browser, from all records."""
    yield from _compare(c, [pages.report(c)])


def _compare(c: Contents, made: Iterable[pages.Page]) -> Iterator[str]:
    for name, make in made:
        if name not in c.present:
            yield f"{name} is missing"
        elif (said := c.text(name)) != (right := make()) and not is_earlier_schema(name, said):
            yield f"{name}, {first_difference(said, right)}{other_version(c)}"


def first_difference(said: str, right: str) -> str:
    """Of two texts that differ: the first line that does, around the place."""
    pairs = zip_longest(said.split("\n"), right.split("\n"), fillvalue="")
    different = ((i, pair) for i, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    number, (a, b) = next(different, (said.count("\n") + 1, ("", "")))
    if a == b:
        return f"line {number}: the file has not as many line ends as the records give"
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    start = max(0, at - _SHOWN // 2)
    return f"line {number}: says {a[start : start + _SHOWN]!r}, the records give {b[start : start + _SHOWN]!r}"


def other_version(c: Contents) -> str:
    """Another version may have written the same records in other words."""
    by = c.decision.software if c.decision else SOFTWARE
    return "" if by == SOFTWARE else f" (written by {by}, and this is {SOFTWARE}: check it with that one too)"
