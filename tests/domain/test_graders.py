"""Marks: strict about the answer, tolerant about what stands around it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from weighbridge.domain.verdict.cases import Grader
from weighbridge.domain.verdict.graders import grade

GRADER: TypeAdapter[Grader] = TypeAdapter(Grader)

PARIS = {"kind": "includes", "target": "Paris"}
READY = {"kind": "exact", "target": "ready"}
ANSWER = {"kind": "numeric", "target": 1234.5}
NEAR = {"kind": "numeric", "target": 10, "tolerance": 0.5}
DATE = {"kind": "pattern", "target": r"\b\d{4}-\d{2}-\d{2}\b"}
PERSON = {"kind": "json", "required": {"name": "string", "age": "integer"}}

TABLE: list[tuple[dict[str, Any], str, bool]] = [
    (PARIS, "The capital is PARIS.", True),
    (PARIS, "It is Lyon.", False),
    (PARIS, "", False),
    ({**PARIS, "target": ["Paris", "France"]}, "Paris, France", True),
    ({**PARIS, "target": ["Paris", "France"]}, "Paris", False),
    ({**PARIS, "ignore_case": False}, "paris", False),
    ({"kind": "includes", "target": "42"}, "４２", True),
    (READY, " Ready. \n", True),
    (READY, "`ready`", True),
    (READY, "I am ready", False),
    (ANSWER, "It costs 1,234.5 in all", True),
    (ANSWER, "First 7, then 1234.5", True),
    (ANSWER, "1234.5 and then 7", False),
    (ANSWER, "no number", False),
    (NEAR, "about 10.4", True),
    (NEAR, "about 10.6", False),
    (NEAR, "-10", False),
    (NEAR, "version v10", False),
    (NEAR, "１０", True),
    (DATE, "on 2026-01-31, at noon", True),
    (DATE, "31.01.2026", False),
    (PERSON, '{"name": "Ana", "age": 30}', True),
    (PERSON, 'Here: ```json\n{"name": "Ana", "age": 30}\n``` done', True),
    (PERSON, '{"name": "Ana"}', False),
    (PERSON, '{"name": "Ana", "age": "30"}', False),
    (PERSON, '{"name": "Ana", "age": true}', False),
    (PERSON, '["name", "age"]', False),
    (PERSON, '{"name": "Ana", "age": 30', False),
]


@pytest.mark.parametrize(("grader", "output", "passed"), TABLE)
def test_marks(grader: dict[str, Any], output: str, passed: bool) -> None:
    mark = grade(GRADER.validate_python(grader), output)
    assert mark.passed is passed, mark.reason
    assert mark.reason


@given(st.text(max_size=300))
def test_no_answer_breaks_a_grader(output: str) -> None:
    for grader in (PARIS, READY, ANSWER, DATE, PERSON):
        assert grade(GRADER.validate_python(grader), output).reason


def test_deeply_nested_json_is_an_answer_like_any_other() -> None:
    assert not grade(GRADER.validate_python(PERSON), '{"a":' * 20_000).passed
