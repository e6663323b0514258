"""Marks for answers. Strict about the answer, tolerant about white space and prose around it.

Names follow Inspect's scorers (includes, match, pattern). No model grades another one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from weighbridge.domain.base import Record
from weighbridge.domain.verdict.cases import Exact, Grader, Includes, Json, JsonType, Numeric, Pattern

MAX_ANSWER = 20_000
"""Characters of an answer that are looked at: bounds the time of a pattern."""

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w)")


class Mark(Record):
    """Pass or fail with the reason in one sentence."""

    passed: bool
    reason: str


def grade(grader: Grader, output: str) -> Mark:
    """The mark of one answer. Never raises for any text."""
    answer = unicodedata.normalize("NFKC", output[:MAX_ANSWER]).strip()
    if not answer:
        return Mark(passed=False, reason="the answer is empty")
    match grader:
        case Includes():
            return _includes(grader, answer)
        case Exact():
            return _exact(grader, answer)
        case Pattern():
            return _pattern(grader, answer)
        case Numeric():
            return _numeric(grader, answer)
        case Json():
            return _json(grader, answer)


def _fold(text: str, ignore_case: bool) -> str:
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    return text.casefold() if ignore_case else text


def _includes(grader: Includes, answer: str) -> Mark:
    folded = _fold(answer, grader.ignore_case)
    absent = [t for t in grader.targets if _fold(t, grader.ignore_case) not in folded]
    if absent:
        return Mark(passed=False, reason="does not contain " + ", ".join(repr(t) for t in absent))
    return Mark(passed=True, reason="contains " + ", ".join(repr(t) for t in grader.targets))


def _exact(grader: Exact, answer: str) -> Mark:
    def plain(text: str) -> str:
        return _fold(text, grader.ignore_case).strip(" \"'`*").rstrip(".。!")

    if plain(answer) == plain(grader.target):
        return Mark(passed=True, reason=f"is exactly {grader.target!r}")
    return Mark(passed=False, reason=f"is not exactly {grader.target!r}")


def _pattern(grader: Pattern, answer: str) -> Mark:
    found = re.search(grader.target, answer, re.IGNORECASE if grader.ignore_case else 0)
    if found:
        return Mark(passed=True, reason=f"matches the pattern at {found.group(0)[:60]!r}")
    return Mark(passed=False, reason=f"does not match the pattern {grader.target!r}")


def _numeric(grader: Numeric, answer: str) -> Mark:
    numbers = [float(n.replace(",", "")) for n in NUMBER.findall(answer)]
    if not numbers:
        return Mark(passed=False, reason=f"holds no number; {grader.target:g} was expected")
    last = numbers[-1]
    allowed = f"{grader.target:g}" + (f" ± {grader.tolerance:g}" if grader.tolerance else "")
    if abs(last - grader.target) <= grader.tolerance:
        return Mark(passed=True, reason=f"the last number is {last:g}, as expected ({allowed})")
    return Mark(passed=False, reason=f"the last number is {last:g}, expected {allowed}")


_KINDS: dict[JsonType, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def _is(value: Any, kind: JsonType) -> bool:
    if isinstance(value, bool) and kind in ("number", "integer"):
        return False
    return isinstance(value, _KINDS[kind])


def _first_object(answer: str) -> dict[str, Any] | None:
    """The first JSON object in the answer: bare, in a code fence, or with prose around it."""
    decoder = json.JSONDecoder()
    tries = 0
    for found in re.finditer(r"\{", answer):
        tries += 1
        if tries > 50:
            return None
        try:
            value, _ = decoder.raw_decode(answer, found.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def _json(grader: Json, answer: str) -> Mark:
    value = _first_object(answer)
    if value is None:
        return Mark(passed=False, reason="holds no JSON object")
    for key, kind in grader.required.items():
        if key not in value:
            return Mark(passed=False, reason=f"the JSON object lacks the key {key!r}")
        if not _is(value[key], kind):
            return Mark(passed=False, reason=f"the JSON value of {key!r} is not of type {kind}")
    return Mark(passed=True, reason="a JSON object with " + ", ".join(grader.required))
