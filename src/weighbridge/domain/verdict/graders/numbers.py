"""Numbers in prose, as a reader would read them.

Read: 1,000.5 · 1 000 · 1'000 · 1_000 · 1,00,000 · 1.000,5 · 1.000.000 · 3,5 · .5 · 6e3 · 6 × 10^3 · -6 · −6 · -$6 ·
$6 · 16GB · 50 % · full-width digits · 2 thousand, million, billion, trillion · 2k · 3万 3千 3億. Units are read past,
not compared. 1.000 is one and 1,000 is a thousand: the point is the decimal sign unless the rest of the number shows
otherwise. Not read: number words (six, 六), Roman numerals, fractions (1/2, ½), times (12:30), ordinals (2nd), versions
(1.2.3), digits inside names (v10, GPT-4), NaN and infinity, what is too large for a float.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from weighbridge.domain.verdict.graders.answer import LETTERS, normal


class Number(NamedTuple):
    """A number and where it stands in the text."""

    value: float
    start: int
    end: int


_NUMBER = re.compile(
    rf"""(?<![{LETTERS}.^\u2044])(?<!\d[/:])(?<![A-Za-z]-)
    (?P<sign>[-+](?=[$€£¥₹]?[.]?\d))?[$€£¥₹]?
    (?P<digits>(?>\d+(?:[.,'_ ]\d+)*|\.\d+))
    (?:[eE](?P<exp>[-+]?\d+))?
    (?!\u2044|\^|[/:]\d|(?:st|nd|rd|th)\b)
    (?:[ ]?(?P<times>(?:(?i:thousand|million|billion|trillion)|(?<=\d)k)(?![{LETTERS}])|[百千万萬億亿]))?""",
    re.VERBOSE,
)
_POWER = re.compile(r"(?<=\d)[ ]?(?:×|x|\*|·|\\times|\\cdot)[ ]?10\^\{?(-?\d{1,3})\}?")
_TEN = re.compile(r"(?<![\w.^])10\^\{?(-?\d{1,3})\}?")
_TIMES = {
    "k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "億": 1e8, "亿": 1e8,
}  # fmt: skip

_PLAIN = re.compile(r"\d*\.?\d+")
_GROUPS = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{2,3})*,\d{3}|(?:[ '_]\d{3})+)(?:\.\d+)?")
_EUROPEAN = re.compile(r"\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,}|(?: \d{3})+,\d+)|0,\d+|\d+,(?:\d{1,2}|\d{4,})")


def readable(text: str) -> str:
    """Text as numbers are looked for in it; places of `numbers` are places in this one."""
    text = normal(text).replace("{,}", ",").replace("\\,", " ").replace("**", "")
    return _TEN.sub(r"1e\1", _POWER.sub(r"e\1", text))


def numbers(text: str) -> Iterator[Number]:
    """The numbers of a readable text, in their order."""
    for found in _NUMBER.finditer(text):
        values = _values(found["digits"])
        if not values:
            continue
        values[0] *= -1 if found["sign"] == "-" else 1
        values[-1] = _scaled(values[-1], found["exp"], found["times"])
        yield from (Number(value, found.start(), found.end()) for value in values if math.isfinite(value))


def _scaled(value: float, exponent: str | None, times: str | None) -> float:
    if exponent and math.isfinite(value):
        value = float(f"{Decimal(value):f}e{exponent}")
    return value * _TIMES[times.lower()] if times else value


def _values(digits: str) -> list[float]:
    """One number, or those of a list such as `1,2,3` or `2024 300`; none where it is a version or the like."""
    if _PLAIN.fullmatch(digits) or _GROUPS.fullmatch(digits):
        return [float(re.sub(r"[, '_]", "", digits))]
    if _EUROPEAN.fullmatch(digits):
        return [float(digits.replace(".", "").replace(" ", "").replace(",", "."))]
    for between in " ,":
        if between in digits:
            return [value for part in digits.split(between) for value in _values(part)]
    return []


_BETWEEN = re.compile(r"\bbetween (?:\w+ )?$")
_TO = re.compile(r" ?(?:[%°]|°?[^\W\d_]{1,15}){0,1} ?(?:-|~|〜|to|or|and|到|至) ?")


def partners(text: str, read: list[Number]) -> dict[int, float]:
    """The other end, by its start, of each number that is an end of a range: 900-1000, 900 to 1000, 900 or 1000,
    between 900 and 1000. Not "from 16 to 4", which may tell of a change, and not a difference (10 - 4 = 6)."""
    made: dict[int, float] = {}
    for low, high in pairwise(read):
        joint, before = text[low.end : high.start], text[max(0, low.start - 30) : low.start].lower()
        if not _TO.fullmatch(joint) or re.match(r"[^\n=]{0,20}=", text[high.end : high.end + 22]):
            continue
        word = joint.split()[-1:] or [joint]
        if (word[0] == "and") is bool(_BETWEEN.search(before)) and not (word[0] == "to" and before.endswith("from ")):
            made[low.start], made[high.start] = high.value, low.value
    return made


def parse(text: str) -> float | None:
    """The value of a text that is one number and nothing else; None for any other."""
    text = readable(text).strip()
    read = list(numbers(text))
    return read[0].value if len(read) == 1 and (read[0].start, read[0].end) == (0, len(text)) else None
