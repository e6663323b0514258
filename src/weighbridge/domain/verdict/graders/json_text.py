"""JSON inside an answer: bare, in a code fence, or with prose around it."""

from __future__ import annotations

import json
import re
from typing import Any

from weighbridge.domain.verdict.graders.answer import normal

NOT_JSON = "(comments, trailing commas, single quotes, NaN and a key given twice are not JSON)"
_TRIES = 50


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is given twice")
    return made


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def first_value(answer: str, opens: str = "{") -> tuple[bool, Any]:
    """(True, value) of the first JSON value that begins with one of `opens`; (False, None) where there is none.

    The answer is read as it stands; only where it holds no JSON are full-width letters taken for narrow ones.
    """
    for text in (answer, normal(answer)):
        for tries, found in enumerate(re.finditer(f"[{re.escape(opens)}]", text)):
            if tries == _TRIES:
                break
            try:
                return True, _DECODER.raw_decode(text, found.start())[0]
            except (ValueError, RecursionError):
                continue
    return False, None


def whole_value(answer: str) -> tuple[bool, Any]:
    """(True, value) where the whole answer is one JSON value, a code fence aside."""
    text = re.sub(r"\A```[^\n`]*\n|\n?```\s*\Z", "", answer.strip())
    try:
        return True, _DECODER.decode(text)
    except (ValueError, RecursionError):
        return False, None
