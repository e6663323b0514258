"""What all graders share: thinking is no answer, several are one, no text breaks or holds up any of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graders.grading import GRADER, made, marked
from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.verdict.graders import cleaned, grade, migrated_grader

DATE = {"kind": "pattern", "target": r"\b\d{4}-\d{2}-\d{2}\b"}
YES = {"kind": "match", "target": "yes", "location": "begin"}
SIX = {"kind": "match", "target": 6, "numeric": True}
SORRY = {"kind": "refusal"}
PARIS = {"kind": "includes", "target": "Paris"}
PERSON = {"kind": "json", "required": {"name": "string"}}
FITS = {"kind": "json_schema", "target": {"type": "object"}}
EVERY: list[dict[str, Any]] = [
    DATE,
    YES,
    SIX,
    SORRY,
    PARIS,
    PERSON,
    FITS,
    {"kind": "all", "of": [YES, SIX]},
    {"kind": "any", "of": [DATE, SIX]},
]


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("  Paris \n", "Paris"),
        ("<think>Lyon?</think>\n\nParis", "Paris"),
        ("<think>\n</think>Paris", "Paris"),
        ("\n<thinking>a</thinking><think>b</think> Paris", "Paris"),
        ("It is a capital.\n</think>\nParis", "Paris"),
        ("<THINK>a</THINK>Paris", "Paris"),
        ("<think>a <think>b</think> c</think>Paris", "Paris"),
        ("<think>it never ends", ""),
        ("<think>", ""),
        ("Paris <think>or not</think>", "Paris <think>or not</think>"),
        ("I think Paris", "I think Paris"),
        ("", ""),
    ],
)
def test_thinking_is_no_part_of_the_answer(output: str, answer: str) -> None:
    assert cleaned(output) == answer


@settings(deadline=None)
@given(st.lists(st.sampled_from(["<think>", "</think>", "<reasoning>", "</reasoning>", " ", "a", "\n"])).map("".join))
def test_a_cleaned_answer_is_clean(output: str) -> None:
    assert cleaned(cleaned(output)) == cleaned(output)


def test_an_answer_that_never_came_says_so() -> None:
    assert marked(PARIS, "<think>Paris, perhaps").reason == "the answer is empty: it ended while thinking"


PATTERNS: list[tuple[dict[str, Any], str, bool]] = [
    (DATE, "on 2026-01-31, at noon", True),
    (DATE, "on ２０２６-０１-３１", True),
    (DATE, "on 2026‑01‑31", True),
    (DATE, "31.01.2026", False),
    (DATE, "12026-01-311", False),
    ({**DATE, "target": r"^yes\b"}, "Yes, it is", True),
    ({**DATE, "target": r"^yes\b"}, "<think>no</think> yes", True),
    ({**DATE, "target": r"^yes\b"}, "Oh yes", False),
    ({**DATE, "target": "^yes$", "ignore_case": False}, "Yes", False),
    ({**DATE, "target": "don't"}, "Don’t", True),
    ({**DATE, "target": "東京|大阪"}, "答えは大阪です", True),
    ({**DATE, "target": r"(?m)^- "}, "List:\n- one", True),
]


@pytest.mark.parametrize(("grader", "output", "passed"), PATTERNS)
def test_patterns(grader: dict[str, Any], output: str, passed: bool) -> None:
    assert marked(grader, output).passed is passed


SEVERAL: list[tuple[str, list[dict[str, Any]], str, bool]] = [
    ("all", [YES, SIX], "Yes, it is 6", True),
    ("all", [YES, SIX], "Yes, it is 7", False),
    ("all", [YES, SIX], "No, it is 6", False),
    ("all", [YES], "yes", True),
    ("all", [PARIS, {"kind": "includes", "absent": ["Lyon"]}], "Paris and Lyon", False),
    ("all", [PARIS, {"kind": "any", "of": [YES, SIX]}], "Paris has 6", True),
    ("all", [PARIS, {"kind": "any", "of": [YES, SIX]}], "Paris has 7", False),
    ("any", [YES, SIX], "No, it is 6", True),
    ("any", [YES, SIX], "No, it is 7", False),
    ("any", [{"kind": "all", "of": [YES, SIX]}, PARIS], "yes 7", False),
    ("any", [{"kind": "all", "of": [YES, SIX]}, PARIS], "yes 6", True),
    ("any", [{"kind": "all", "of": [YES, SIX]}, PARIS], "not Paris", False),
    ("any", [YES, SIX], "", False),
]


@pytest.mark.parametrize(("kind", "parts", "output", "passed"), SEVERAL)
def test_several_graders_are_one(kind: str, parts: list[dict[str, Any]], output: str, passed: bool) -> None:
    mark = marked({"kind": kind, "of": parts}, output)
    assert mark.passed is passed, mark.reason


def test_graders_are_nested_three_deep_at_most() -> None:
    deep: dict[str, Any] = {"kind": "all", "of": [{"kind": "any", "of": [{"kind": "all", "of": [YES]}]}]}
    assert marked(deep, "yes").passed
    with pytest.raises(ValueError, match="more than 3 deep"):
        made("any", of=[deep])


def test_what_may_run_long_says_so_from_inside_others() -> None:
    slow = made("all", of=[YES, {"kind": "any", "of": [SIX, DATE]}])
    assert slow.may_run_long and made("refusal", patterns=["x"]).may_run_long
    assert made("json_schema", target={"type": "object"}).may_run_long
    assert not made("all", of=[YES, SIX]).may_run_long


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        ("includes", {}, "includes needs a target"),
        ("includes", {"target": "  "}, "an empty text occurs in every answer"),
        ("includes", {"target": ["a", ""]}, "an empty text"),
        ("pattern", {"target": "("}, "not a regular expression"),
        ("pattern", {"target": ""}, "at least 1"),
        ("pattern", {"target": "[[a]b]"}, "not a regular expression"),
        ("pattern", {"target": "(" * 5000 + ")" * 5000}, "not a regular expression"),
        ("all", {"of": []}, "at least 1"),
        ("exact", {"target": "a"}, "does not match any of the expected tags"),
    ],
)
def test_graders_that_make_no_sense_are_refused(kind: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(kind, **arguments)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=200))
def test_no_answer_breaks_a_grader(output: str) -> None:
    for grader in EVERY:
        assert marked(grader, output).reason


SIZE = 20_000
HOSTILE = ["9", "1,", "1 ", "not ", "Paris ", "not Paris ", "<think>", "<think></think>", "{", "\n", " ", "*",
           "I can't ", "没有", "a's ", "6e", "10^", "`", "sorry ", '{"a":']  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_a_long_answer_is_marked_in_linear_time(part: str) -> None:
    """Quadratic work on so many characters would take minutes, and this test with it."""
    for grader in EVERY:
        assert marked(grader, part * (SIZE // len(part)) + "x").reason


def test_graders_of_earlier_records_are_put_in_the_present_words() -> None:
    exact = migrated_grader({"kind": "exact", "target": "no", "ignore_case": True})
    number = migrated_grader({"kind": "numeric", "target": 16.0, "tolerance": 1.2})
    plain = migrated_grader({"kind": "includes", "target": "Paris", "ignore_case": True})
    pattern = {"kind": "pattern", "target": "x", "ignore_case": True}
    assert grade(GRADER.validate_python(exact), "`No`.").passed
    assert not grade(GRADER.validate_python(exact), "no way").passed
    assert grade(GRADER.validate_python(number), "First 7, then 14.9").passed
    assert grade(GRADER.validate_python(plain), "not Paris").passed
    assert migrated_grader(pattern) == pattern
    for one in (exact, number, plain):
        assert migrated_grader(migrated_grader(one)) == one


def test_a_grader_is_the_same_after_a_way_through_json() -> None:
    for grader in EVERY:
        one = GRADER.validate_python(grader)
        assert GRADER.validate_python(json.loads(GRADER.dump_json(one))) == one
