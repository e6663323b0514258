"""What JSON allows or readers disagree on, and a record must not hold: a name given twice, NaN, infinity."""

from __future__ import annotations

import json
from math import isinf
from typing import Any


def require_sound(name: str, text: str) -> None:
    """ValueError, with file and line, for a record of that kind. What is no JSON at all is left to the schema.

    All lines are read at once, which is far faster: what holds for the list of them holds for each that is JSON. Each
    is read alone where that fails, to name the first that is at fault.
    """
    many = name.endswith(".jsonl")
    lines = text.removesuffix("\n").split("\n") if many else [text]
    try:
        _READER.decode(f"[{','.join(lines)}]")
    except (ValueError, RecursionError):
        for number, line in enumerate(lines, 1):
            if wrong := _fault(line):
                raise ValueError(f"{name}, line {number}: {wrong}" if many else f"{name}: {wrong}") from None


def _fault(text: str) -> str:
    try:
        _NAMING.decode(text)
    except (json.JSONDecodeError, RecursionError):
        return ""
    except ValueError as error:
        return str(error)
    return ""


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Two values under one name: readers differ in which of them they take."""
    if len(dict(pairs)) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise ValueError(f"{twice!r} stands twice in one object")


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> None:
    if isinf(float(text)):
        raise ValueError("a number is beyond what a computer holds")


def _short(digits: str) -> None:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a whole number has {len(digits):,} digits, more than {_MOST_DIGITS:,}")


_MOST_DIGITS = 4_300
"""Digits of a whole number that Python's own reader takes."""
_READER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite)
"""Keeps nothing of what it reads."""
_NAMING = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number, parse_float=_finite, parse_int=_short)
"""The same, with a sentence of its own for a long number: slower, and only asked what is at fault."""
