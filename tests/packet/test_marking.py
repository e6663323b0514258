"""Answers are marked again apart, so that a hostile pattern ends by the clock and not never."""

from __future__ import annotations

from typing import Any

import pytest

from weighbridge.domain.verdict.cases import Case
from weighbridge.services import marking


def case(name: str, grader: dict[str, Any]) -> Case:
    return Case.model_validate({"id": name, "prompt": "p", "grader": grader})


CASES = {
    c.id: c
    for c in (
        case("date", {"kind": "pattern", "target": r"\d{4}-\d{2}"}),
        case("word", {"kind": "includes", "target": "ready"}),
    )
}


def test_patterns_and_words_get_the_marks_they_would_get_here() -> None:
    marks = marking.mark(CASES, {"date": "on 2026-01", "word": "not yet", "unknown": "x"})
    assert {name: mark.passed for name, mark in marks.items()} == {"date": True, "word": False}


def test_a_pattern_that_never_ends_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "TIME_LIMIT_S", 3)
    slow = case("slow", {"kind": "pattern", "target": r"(a+)+$"})
    answers = {"slow": "a" * 60 + "b", "word": "ready", "date": "on 2026-01"}
    marks = marking.mark({**CASES, "slow": slow}, answers)
    assert not marks["slow"].passed and "make it simpler" in marks["slow"].reason
    assert marks["word"].passed and marks["date"].passed
