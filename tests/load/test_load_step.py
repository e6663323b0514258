"""The figures of a step: what is in them, what is left out, and what so few values allow."""

from __future__ import annotations

import pytest
from load.rig import line

from weighbridge.domain.load.step import step_of


def test_rates_and_latencies_of_two_requests_that_overlap() -> None:
    made = step_of(2, 2, [line(0.0, 0.5, 3, 0.1), line(0.0, 1.0, 2, 0.5)])
    assert (made.requests, made.errors, made.planned) == (2, 0, 2)
    assert made.seconds == 2.0
    assert made.requests_per_s == 1.0
    assert (made.output_tokens, made.output_tokens_per_s) == (7, 3.5)
    assert made.in_flight == pytest.approx((0.8 + 2.0) / 2.0)
    assert made.ttft_s is not None and made.ttft_s.median == 0.75
    assert made.itl_s is not None and made.itl_s.n == 5 and made.itl_s.high == 0.5
    assert made.total_s is not None and made.total_s.dots == (0.8, 2.0)


def test_a_request_that_failed_or_was_given_up_is_no_latency() -> None:
    failed = line(0.0, 0.1, 0, 0.1, error="No room.", t_end=9.0)
    given_up = line(0.0, 0.1, 0, 0.1, given_up=True, t_end=9.0)
    made = step_of(3, 8, [line(0.0, 1.0, 0, 0.0), failed, failed, given_up])
    assert (made.requests, made.errors) == (1, 2)
    assert made.error_sentences == ("No room.",)
    assert made.seconds == 1.0
    assert made.total_s is not None and made.total_s.n == 1
    assert made.in_flight == 4.0


def test_without_an_answer_there_is_no_rate() -> None:
    made = step_of(1, 4, [line(0.0, 0.1, 0, 0.1, error="No room.", t_end=2.0)])
    assert (made.requests_per_s, made.output_tokens, made.ttft_s, made.total_s) == (None, None, None, None)
    assert step_of(1, 4, []).seconds == 0.0


def test_tokens_are_unknown_where_one_answer_does_not_tell_them() -> None:
    made = step_of(1, 2, [line(0.0, 0.1, 3, 0.1), line(1.0, 0.1, 3, 0.1, output_tokens=None)])
    assert made.requests == 2
    assert (made.output_tokens, made.output_tokens_per_s) == (None, None)


def test_an_answer_without_text_has_no_ttft_and_is_counted() -> None:
    silent = line(0.0, 0.1, 0, 0.1, t_pieces=(), t_end=1.0, output_tokens=0)
    made = step_of(1, 2, [silent, line(1.0, 0.2, 1, 0.1, reused_tokens=5)])
    assert (made.requests, made.empty, made.reused) == (2, 1, 1)
    assert made.ttft_s is not None and made.ttft_s.n == 1


@pytest.mark.parametrize(("many", "told"), [(58, False), (59, True)])
def test_p95_stands_from_59_answers_on(many: int, told: bool) -> None:
    made = step_of(1, many, [line(float(at), 0.1 + at / 1000, 0, 0.0) for at in range(many)])
    assert made.ttft_s is not None
    assert (made.ttft_s.p95 is not None) is told
