"""Answers are marked again apart, so that a hostile pattern ends by the clock and not never."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.graders import Mark, grade
from weighbridge.services.cases import marking


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


def test_what_never_ends_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside other graders too, and whatever comes behind it is marked."""
    monkeypatch.setattr(marking, "TIME_LIMIT_S", 3)
    never = {"kind": "json_schema", "target": {"type": "string", "pattern": r"^(a+)+$"}}
    slow = case("slow", {"kind": "any", "of": [{"kind": "all", "of": [never]}]})
    answers = {"slow": f'"{"a" * 60}b"', "word": "ready", "date": "on 2026-01"}
    marks = marking.mark({**CASES, "slow": slow}, answers)
    assert not marks["slow"].passed and "make it simpler" in marks["slow"].reason
    assert marks["word"].passed and marks["date"].passed


def test_a_file_of_hostile_patterns_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The marks that were made before the process ended are kept; after some lost ones no more is tried."""
    tried: list[int] = []

    def apart(work: marking.Work) -> list[Mark]:
        tried.append(len(work))
        good = [grade(one.grader, output) for one, output in work[:5]]
        return good if len(tried) == 1 else []

    monkeypatch.setattr(marking, "_apart", apart)
    cases = {f"c{n}": CASES["date"] for n in range(1000)}
    marks = marking.mark(cases, dict.fromkeys(cases, "2026-01"))
    assert tried == [1000, 995, 994, 993]
    assert [mark.passed for mark in marks.values()] == [True] * 5 + [False] * 995
    assert "make it simpler" in marks["c7"].reason and "not marked" in marks["c8"].reason


def test_half_a_line_of_a_process_that_was_ended_is_no_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Mark(passed=True, reason="r").model_dump_json().encode()
    monkeypatch.setattr("subprocess.run", lambda *_, **__: subprocess.CompletedProcess([], 0, line + b"\n" + line[:9]))
    marks = marking._apart([(CASES["date"], "x"), (CASES["date"], "y")])
    assert [mark.passed for mark in marks] == [True]


def test_no_text_breaks_the_marking() -> None:
    outputs = dict(enumerate(["\ud800", "\x00", "{" * 10_000, "", "<think>", "\n2026\n"]))
    names = {f"c{at}": output for at, output in outputs.items()}
    marks = marking.mark(dict.fromkeys(names, CASES["date"]), names)
    assert [mark.passed for mark in marks.values()] == [False] * len(names)
