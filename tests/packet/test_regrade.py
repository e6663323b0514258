"""Answers are marked again apart, so that a hostile pattern ends by the clock and not never."""

from __future__ import annotations

from typing import Any

import pytest

from weighbridge.domain.verdict.cases import Case
from weighbridge.services.packet_io import regrade


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
    marks = regrade.regrade(CASES, {"date": "on 2026-01", "word": "not yet", "unknown": "x"})
    assert {name: mark and mark.passed for name, mark in marks.items()} == {"date": True, "word": False}


def test_a_pattern_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regrade, "TIME_LIMIT_S", 1.5)
    slow = case("slow", {"kind": "pattern", "target": r"(a+)+$"})
    marks = regrade.regrade({**CASES, "slow": slow}, {"slow": "a" * 60 + "b", "word": "ready"})
    assert marks["slow"] is None
    assert marks["word"] and marks["word"].passed
