"""JSON inside an answer: bare, in a code fence, or with prose around it."""

from __future__ import annotations

import json
import re
from typing import Any

from weighbridge.domain.verdict.graders.answer import normal

NOT_JSON = "(comments, trailing commas, single quotes, NaN and a key given twice are not JSON)"
DIFFER = "that differ: which of them is the answer is not clear"
_TRIES = 50


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is given twice")
    return made


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def found_values(answer: str, opens: str = "{") -> list[Any]:
    """The first JSON value that begins with one of `opens`, and the next one that differs from it; empty where there
    is none. What stands inside a value is no value of its own.

    The answer is read as it stands; only where it holds no JSON are full-width letters taken for narrow ones.
    """
    return _found(answer, opens) or _found(normal(answer), opens)


def _found(text: str, opens: str) -> list[Any]:
    made: list[Any] = []
    first, end, tries = "", 0, 0
    for found in re.finditer(f"[{re.escape(opens)}]", text):
        if found.start() < end:
            continue
        try:
            value, end = _DECODER.raw_decode(text, found.start())
            same = json.dumps(value, sort_keys=True)
        except (ValueError, RecursionError):
            tries += 1
            if tries == _TRIES:
                break
            continue
        if not made or same != first:
            made.append(value)
            first = first or same
        if len(made) > 1:
            break
    return made


def whole_value(answer: str) -> tuple[bool, Any]:
    """(True, value) where the whole answer is one JSON value, a code fence aside."""
    text = re.sub(r"\A```[^\n`]*\n|\n?```\s*\Z", "", answer.strip())
    try:
        return True, _DECODER.decode(text)
    except (ValueError, RecursionError):
        return False, None
