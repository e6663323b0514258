"""Front matter of a model card (YAML between two `---` lines): the few keys that are used, each with its line.

The YAML is read as a stream of events and no object is ever built from it: a scalar stays the text that was
written (`no` is Norwegian, not False), tags do nothing, and an alias is never expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

from weighbridge.domain.text import clean_line

MAX_BLOCK = 512 * 1024
MAX_DEPTH = 32
MAX_ALIASES = 200
MAX_ITEMS = 200
MAX_LINE = 4_000
_NOT_CLOSED = f"it is not closed within {MAX_BLOCK >> 10} KiB"
USED = ("license", "license_name", "license_link", "language", "base_model", "base_model_relation")

UNREAD = "unreadable part"
"""Stands for a part of a value that is no plain text, so that a licence is not read as less than it says."""

_BLOCK = re.compile(r"\s{0,99}---[ \t]*\n(?:(?P<yaml>.*?)\n)??---[ \t]*(?:\n|\Z)", re.DOTALL)
_OPENED = re.compile(r"\s{0,99}---[ \t]*\n[\w-]{1,99}[ \t]*:")
_SALVAGED = re.compile(rf"(?P<key>{'|'.join(USED)})[ \t]*:(?P<value>[ \t].*|)\Z")
_ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>\S.*)\Z")
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Entry:
    """The texts that a key names (a scalar has one), and the line of the key in the card, from 1."""

    values: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`body_line`: the first line after the front matter, from 1. `damage`: why the YAML could not be read whole.

    `licences`: every entry of the key license, in the order of the card; `entries` has the last, as YAML readers do.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    body_line: int = 1
    damage: str = ""
    licences: tuple[Entry, ...] = ()


class _Refused(Exception):
    """The YAML is not what a card's metadata is."""


def front_matter(text: str) -> FrontMatter:
    """Front matter of cleaned card text. Never raises: keys of broken YAML are salvaged where they stand alone."""
    match = _BLOCK.match(text[: MAX_BLOCK + 200])
    if match is None:
        return FrontMatter(damage=_NOT_CLOSED if _OPENED.match(text[:1_000]) else "")
    block = match["yaml"] or ""
    first = text.count("\n", 0, match.start("yaml")) + 1 if match["yaml"] is not None else 1
    body_line = text.count("\n", 0, match.end()) + 1
    read: list[tuple[str, Entry]] = []
    damage = ""
    try:
        for named in _entries(block, first):
            read.append(named)
    except _Refused as error:
        damage = str(error)
    seen = {entry.line for _, entry in read}
    salvaged = [(key, entry) for key, entry in _salvaged(block, first) if entry.line not in seen] if damage else []
    found = [(key, entry) for key, entry in (*salvaged, *read) if entry.values]
    licences = sorted((entry for key, entry in found if key == "license"), key=lambda entry: entry.line)
    return FrontMatter(dict(found), body_line, damage, tuple(licences))


def _entries(block: str, first: int) -> Iterator[tuple[str, Entry]]:
    """Used top-level keys in their order. Raises _Refused where the block is no mapping, or too deep or tangled."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    opening = (yaml.StreamStartEvent, yaml.DocumentStartEvent)
    try:
        events = _counted(yaml.parse(block, Loader=loader))
        root = next(event for event in events if not isinstance(event, opening))
        if isinstance(root, yaml.StreamEndEvent):
            return
        if not isinstance(root, yaml.MappingStartEvent):
            raise _Refused("it is not a mapping")
        while True:
            key, name = _node(events)
            if isinstance(key, yaml.MappingEndEvent):
                return
            value, texts = _node(events)
            if isinstance(key, yaml.ScalarEvent) and name and name[0] in USED:
                named = tuple(filter(None, map(_named, texts)))
                if isinstance(value, (yaml.MappingStartEvent, yaml.AliasEvent)):
                    named = (UNREAD,) if name[0] == "license" else ()
                yield name[0], Entry(named, first + _line(key))
    except (yaml.YAMLError, ValueError, StopIteration) as error:
        mark: Any = getattr(error, "problem_mark", None)
        place = f" near line {first + mark.line}" if mark else ""
        raise _Refused(f"it is not valid YAML{place}") from None


def _line(event: Any) -> int:
    """Lines of the block before the event."""
    return int(event.start_mark.line)


def _counted(events: Iterator[Any]) -> Iterator[Any]:
    """The events; raises _Refused at one alias too many."""
    import yaml

    aliases = 0
    for event in events:
        aliases += isinstance(event, yaml.AliasEvent)
        if aliases > MAX_ALIASES:
            raise _Refused(f"it has more than {MAX_ALIASES} aliases")
        yield event


def _node(events: Iterator[Any]) -> tuple[Any, list[str]]:
    """Reads one node to its end: its first event, and the first scalars in it, not those of lists inside a list."""
    import yaml

    start, depth = None, 0
    texts: list[str] = []
    for event in events:
        start = event if start is None else start
        if isinstance(event, yaml.ScalarEvent) and depth <= 1 and len(texts) < MAX_ITEMS:
            texts.append(str(event.value))
        if isinstance(event, (yaml.CollectionStartEvent, yaml.AliasEvent)) and depth == 1:
            texts.append(UNREAD)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _Refused(f"it has more than {MAX_DEPTH} levels")
        if depth <= 0:
            return start, texts
    raise _Refused("it ends too early")


def _named(text: str) -> str:
    """One line; empty where the YAML says that there is no value."""
    line = clean_line(text)
    return "" if line in _NOTHING else line


def _salvaged(block: str, first: int) -> Iterator[tuple[str, Entry]]:
    """Keys at the start of a line with a scalar, `[a, b]`, or `- item` lines below."""
    lines = block.split("\n")
    for number, line in enumerate(lines):
        match = _SALVAGED.match(line[:MAX_LINE])
        if match is None:
            continue
        text = match["value"].partition(" #")[0].strip()
        parts = text.strip("[]").split(",") if text.startswith("[") else [text]
        if text.startswith("[") and not text.endswith("]"):
            parts.append(UNREAD)
        if not text:
            items = takewhile(bool, map(_ITEM.match, islice(lines, number + 1, number + 1 + MAX_ITEMS)))
            parts = [item["value"] for item in items if item]
        values = tuple(filter(None, (_named(part.strip().strip("\"'")) for part in parts[:MAX_ITEMS])))
        if values and values[0][0] in "|>&*!{":
            values = (UNREAD,) if match["key"] == "license" else ()
        yield match["key"], Entry(values, first + number)
