"""Which steps a person can ask for, how many requests each has, and the words of what came of them."""

from __future__ import annotations

import pytest
from load.rig import SERVED, line

from weighbridge.domain.load import ramp
from weighbridge.domain.load.records import LoadRecord, LoadStep
from weighbridge.domain.load.step import step_of
from weighbridge.domain.load.words import scaling, words_of
from weighbridge.domain.problems import BadInput
from weighbridge.domain.serving.target import Target

TARGET = Target(api="openai", base_url=SERVED.address, model="tiny")


def record(*steps: LoadStep, **known: object) -> LoadRecord:
    told = {"id": "load-1", "at": "", "target": TARGET, "cases_digest": "", "ladder": (1, 4), "max_tokens": 8}
    return LoadRecord.model_validate(told | {"steps": steps, "ended": "through"} | known)


def alone(answers: int = 12) -> LoadStep:
    """One at once, each in a second."""
    return step_of(1, answers, [line(float(at), 0.2, 4, 0.2) for at in range(answers)])


def four(answers: int = 12) -> LoadStep:
    """Four at once, each in two seconds."""
    return step_of(4, answers, [line(2.0 * (at // 4), 0.8, 4, 0.3) for at in range(answers)])


def test_a_ladder_is_read_as_it_is_typed() -> None:
    assert ramp.ladder("1, 2,16") == (1, 2, 16)


@pytest.mark.parametrize("text", ["", "1,,2", "one", "0", "-1", "2,1", "1,1", "1,257", "1e3", "²", "9" * 5000])
def test_a_ladder_that_does_not_climb_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        ramp.ladder(text)
    assert caught.value.hint and len(str(caught.value)) < 120


@pytest.mark.parametrize(("at_once", "cases", "planned"), [(1, 12, 24), (4, 12, 24), (8, 12, 36), (8, 5, 35)])
def test_each_case_is_asked_equally_often_and_the_concurrency_is_filled(at_once: int, cases: int, planned: int) -> None:
    assert ramp.requests_of(at_once, cases, None) == planned
    assert planned % cases == 0 and planned >= 4 * at_once


def test_requests_that_cannot_fill_the_concurrency_are_refused() -> None:
    assert ramp.requests_of(8, 12, 8) == 8
    with pytest.raises(BadInput):
        ramp.requests_of(8, 12, 7)


def test_a_step_is_compared_with_one_at_once() -> None:
    (row,) = scaling((alone(), four()))
    assert row.throughput == pytest.approx(2.0)
    assert row.efficiency == pytest.approx(0.5)
    assert row.ttft == pytest.approx(4.0)
    assert row.total == pytest.approx(2.0)


def test_without_one_at_once_nothing_is_said_of_scaling() -> None:
    assert scaling((four(), four().model_copy(update={"concurrency": 8}))) == ()
    assert any("Nothing is said of how it scales" in sentence for sentence in words_of(record(four())))


def test_the_words_say_how_it_scaled_and_that_so_few_allow_no_p95() -> None:
    said = " ".join(words_of(record(alone(), four())))
    assert "4 at once give 2.0 times the answers a second of one at once (50 % of 4 times)" in said
    assert "median TTFT is 4.0 times as long" in said
    assert "12 answers: median and range; p95 needs 59" in said


def test_with_enough_answers_the_words_name_p95() -> None:
    said = " ".join(words_of(record(alone(59), four(60))))
    assert "59 to 60 answers: median, range and p95" in said


def test_a_ramp_that_ended_early_is_said_so() -> None:
    broken = step_of(4, 16, [line(0.0, 0.1, 0, 0.0, error="tiny is full (429).", t_end=1.0)])
    said = words_of(record(alone(), broken, ended="errors"))
    assert said[0] == "The ramp ended at its first errors."
    assert said[1] == "At 4 at once: tiny is full (429)."
