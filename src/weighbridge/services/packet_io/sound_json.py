"""What JSON allows or readers disagree on, and a record must not hold: a name given twice, NaN, infinity."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isinf
from typing import Any

_HUGE = re.compile(r"\d[eE]\+?\d{3}")
"""Looks like a number that may be read as infinite."""
_PLAIN = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
"""As a packet's lines are written."""


def require_sound(name: str, text: str) -> None:
    """ValueError, with file and line, for a record of that kind. What is no JSON at all is left to the schema."""
    lines = text.split("\n") if name.endswith(".jsonl") else [text]
    for number, line in enumerate(lines, 1):
        if not _round(line) and (wrong := _fault(line)):
            raise ValueError(f"{name}, line {number}: {wrong}" if len(lines) > 1 else f"{name}: {wrong}")


def _round(line: str) -> bool:
    """Whether the value, written again, is the same text: then nothing can be hidden in it. It is the fast way."""
    try:
        return not line or _PLAIN.encode(json.loads(line)) == line
    except (ValueError, RecursionError):
        return False


def _fault(text: str) -> str:
    try:
        json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        infinite = _HUGE.search(text) is not None and any(map(isinf, _numbers(json.loads(text))))
    except (json.JSONDecodeError, RecursionError):
        return ""
    except ValueError as error:
        return str(error)
    return "a number is beyond what a computer holds" if infinite else ""


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Two values under one name: readers differ in which of them they take."""
    if len(dict(pairs)) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ValueError(f"{twice!r} stands twice in one object")


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _numbers(one)
