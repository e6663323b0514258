"""What is equal and what differs between two proofs of one recipe."""

from __future__ import annotations

import pytest

from weighbridge.domain.proof.events import Completed, Event, RequestStarted
from weighbridge.domain.proof.recipe import features
from weighbridge.domain.proof.repeating import NO_ANSWER, answers, output_rows, reproduced


def asked(request: str, warmup: bool = False) -> RequestStarted:
    return RequestStarted(t=0, request=request, warmup=warmup, prompt="?", prompt_tokens=1)


def said(request: str, output: str, warmup: bool = False) -> Completed:
    return Completed(
        t=0, request=request, warmup=warmup, output=output, stop_reason="eos", prompt_tokens=1, output_tokens=1,
        prefill_s=0.1, engine_prompt_ms=1, engine_prompt_tokens=1, engine_decode_ms=1, engine_decode_tokens=1,
    )  # fmt: skip


def test_the_newest_whole_answer_counts_and_a_cut_one_is_none() -> None:
    events: list[Event] = [
        asked("warm-up", warmup=True), said("warm-up", "hello", warmup=True),
        asked("a"), said("a", "first"), asked("a"), said("a", "second"), asked("b"), said("b", "whole"), asked("b"),
    ]  # fmt: skip
    assert answers(events) == {"a": "second"}


@pytest.mark.parametrize(
    ("before", "now", "at"),
    [("abc", "abd", 3), ("abc", "ab", 3), ("", "a", 1), ("a\n", "a", 2), ("é", "e\u0301", 1)],
)
def test_the_first_difference_is_named_to_the_character(before: str, now: str, at: int) -> None:
    (row,) = output_rows({"a": before}, {"a": now})
    assert not row.equal and row.note == f"they differ from character {at} on"


def test_a_difference_far_into_a_long_answer_is_shown_around_it() -> None:
    (row,) = output_rows({"a": "x" * 5000 + "yes" + "x" * 500}, {"a": "x" * 5000 + "no" + "x" * 500})
    assert row.before.startswith("…xxx") and "yes" in row.before and "no" in row.now and len(row.before) < 70


def test_an_answer_of_one_side_alone_is_a_difference() -> None:
    rows = [*output_rows({"a": "x"}, {"b": "x"})]
    assert [(row.what, row.before, row.now) for row in rows] == [("a", "x", NO_ANSWER), ("b", NO_ANSWER, "x")]
    assert not reproduced(rows)


def test_nothing_on_both_sides_reproduces_nothing() -> None:
    assert not reproduced([*output_rows({}, {})])


def test_what_an_answer_holds_never_reaches_the_terminal() -> None:
    (row,) = output_rows({"a": "\x1b[31mred\x9b"}, {"a": "\x1b[31mred"})
    assert "\x1b" not in row.before + row.now and "\x9b" not in row.before


def test_features_are_those_that_are_on() -> None:
    said = "CPU : SSE3 = 1 | AVX = 0 | AVX2 = 1 | SVE_CNT = 16 | REPACK = 1 | SSE3 = 1 |"
    assert features(said) == ("SSE3", "AVX2", "REPACK")
