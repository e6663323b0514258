"""match with numeric: a number by its value, however it is written."""

from __future__ import annotations

from typing import Any

import pytest
from graders.grading import made, marked

from weighbridge.domain.verdict.graders.numbers import numbers, readable

READ = [
    ("1,000", [1000]),
    ("1 000", [1000]),
    ("1\u202f000 km", [1000]),
    ("1'000", [1000]),
    ("1,00,000", [100_000]),
    ("1.000,5", [1000.5]),
    ("1.000.000", [1_000_000]),
    ("1.000", [1]),
    ("3,5", [3.5]),
    ("0,125", [0.125]),
    ("1,2,3", [1, 2, 3]),
    ("in 2024 300 people", [2024, 300]),
    (".5", [0.5]),
    ("6.", [6]),
    ("-6 −6 –6", [-6, -6, -6]),
    ("5-7", [5, 7]),
    ("- 6", [6]),
    ("$6", [6]),
    ("-$6.50", [-6.5]),
    ("16GB, 16 GB", [16, 16]),
    ("50 %", [50]),
    ("6e3", [6000]),
    ("6 × 10³", [6000]),
    ("6 \\times 10^{3}", [6000]),
    ("10^3", [1000]),
    ("2 million", [2_000_000]),
    ("2 millionaires", [2]),
    ("100k", [100_000]),
    ("2 kg", [2]),
    ("3万円", [30_000]),
    ("１２３", [123]),
    ("答えは６です", [6]),
    ("共６個", [6]),
    ("2 * 3 = 6", [2, 3, 6]),
    ("{,} 1{,}000", [1000]),
    ("5 m²", [5]),
    ("2½", []),
    ("1/2", []),
    ("12:30", []),
    ("1.2.3", []),
    ("v10 and Qwen2.5 and GPT-4", []),
    ("the 2nd", []),
    ("NaN, inf, infinity", []),
    ("1e999", []),
    ("six, 六, VI", []),
]


@pytest.mark.parametrize(("text", "values"), READ)
def test_numbers_in_prose(text: str, values: list[float]) -> None:
    assert [number.value for number in numbers(readable(text))] == values


LAST = {"kind": "match", "numeric": True, "target": 1234.5}
SIX = {"kind": "match", "numeric": True, "target": 6}
NEAR = {"kind": "match", "numeric": True, "target": 10, "tolerance": 0.5}
SHARE = {"kind": "match", "numeric": True, "target": 200, "relative": 0.05}
THOUSAND = {**SIX, "target": 1000}
ALONE = {**SIX, "location": "exact"}

TABLE: list[tuple[dict[str, Any], str, bool]] = [
    (LAST, "It costs 1,234.5 in all", True),
    (LAST, "It costs 1.234,5 in all", True),
    (LAST, "First 7, then 1234.5", True),
    (LAST, "1234.5 and then 7", False),
    (LAST, "no number", False),
    (SIX, "2 dollars * 3 hours = 6 dollars.", True),
    (SIX, "\\boxed{6}", True),
    (SIX, "```\n6\n```", True),
    (SIX, "The answer is not 6.", False),
    (SIX, "6 thousand dollars", False),
    (SIX, "-6", False),
    (SIX, "16", False),
    (SIX, "six", False),
    (NEAR, "about 10.4", True),
    (NEAR, "about 10.5", True),
    (NEAR, "about 10.6", False),
    (NEAR, "version v10", False),
    (NEAR, "１０", True),
    (SHARE, "210", True),
    (SHARE, "211", False),
    ({**SIX, "target": 0.3, "tolerance": 0.1}, "0.4", True),
    ({**SIX, "location": "begin"}, "6, as 2 x 3 = 6, from step 1", True),
    ({**SIX, "location": "begin"}, "2 x 3 = 6", False),
    ({**SIX, "location": "any"}, "Step 1: it is 6, see note 3", True),
    ({**SIX, "location": "any"}, "7 or 8", False),
    ({**SIX, "target": "6,000"}, "6 000", True),
    (ALONE, "6", True),
    (ALONE, "$6.00", True),
    (ALONE, "6 dollars.", True),
    (ALONE, "2 GB/s".replace("2", "6"), True),
    (ALONE, "**Answer:** 6 dollars per hour", True),
    (ALONE, "6ドルです。", True),
    (ALONE, "$6$", True),
    (ALONE, "It is roughly 6", False),
    (ALONE, "6 or 7", False),
    (ALONE, "6 dollars or more", False),
    (THOUSAND, "between 900 and 1000", False),
    (THOUSAND, "between about 900 and 1,000 dollars", False),
    (THOUSAND, "900-1000", False),
    (THOUSAND, "900 MB to 1000 MB", False),
    (THOUSAND, "900 or 1000", False),
    (THOUSAND, "900到1000", False),
    (THOUSAND, "from 900 to 1000", True),
    (THOUSAND, "1900 - 900 = 1000", True),
    (THOUSAND, "It is 1000, between 900 and 1100", False),
    ({**THOUSAND, "location": "any"}, "It is 1000, between 900 and 1100", True),
    (NEAR, "9.8 to 10.2", True),
    (THOUSAND, "Is it 1000?", False),
    (SIX, "NaN", False),
    (SIX, "1e999", False),
]


@pytest.mark.parametrize(("grader", "output", "passed"), TABLE)
def test_marks(grader: dict[str, Any], output: str, passed: bool) -> None:
    mark = marked(grader, output)
    assert mark.passed is passed, mark.reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": 6}, "needs numeric = true"),
        ({"target": "six", "numeric": True}, "'six' is not one number"),
        ({"target": "6", "tolerance": 1}, "a tolerance needs numeric = true"),
        ({"target": 6, "numeric": True, "tolerance": -1}, "greater than or equal to 0"),
        ({"target": float("nan"), "numeric": True}, "is not one number"),
        ({"target": float("inf"), "numeric": True}, "is not one number"),
        ({"target": True}, 'for a yes or no write "yes" or "no"'),
        ({"target": " ** "}, "the target is empty"),
    ],
)
def test_targets_that_make_no_sense_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made("match", **arguments)


def test_a_reason_writes_numbers_out() -> None:
    million = {**SIX, "target": 1_000_000, "tolerance": 0.5}
    assert marked(million, "2 million").reason == "the last number is 2,000,000; 1,000,000 ± 0.5 was expected"
