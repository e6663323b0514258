"""Figures are what their formulas say, from events alone."""

from __future__ import annotations

import pytest
from job_events import answer, attempt

from weighbridge.domain.proof.events import (
    Completed,
    Ended,
    Event,
    Prefilled,
    RequestStarted,
    Sample,
    Token,
)
from weighbridge.domain.proof.live import Meter
from weighbridge.domain.proof.measure import attempt_outcomes, request_figures
from weighbridge.domain.proof.summary import summarize
from weighbridge.domain.serving.target import Target


def test_figures_of_one_answer() -> None:
    (figures,) = request_figures(answer("r", 1.0, [1.6, 1.7, 1.9, 2.0]))
    assert figures.ttft_s == pytest.approx(0.6)
    assert figures.prefill_tokens_per_s == pytest.approx(60.0)
    assert figures.decode_tokens_per_s == pytest.approx(3 / 0.4)
    assert figures.itl is not None and figures.itl.dots == pytest.approx((0.1, 0.2, 0.1))


def test_ttft_waits_for_text_but_the_decode_rate_counts_tokens() -> None:
    (figures,) = request_figures(answer("r", 0.0, [1.0, 2.0, 3.0], ["", "é", "x"]))
    assert figures.ttft_s == 2.0
    assert figures.decode_tokens_per_s == 1.0


@pytest.mark.parametrize("times", [[], [1.0]])
def test_an_answer_too_short_for_a_rate_has_none(times: list[float]) -> None:
    (figures,) = request_figures(answer("r", 0.0, times))
    assert figures.decode_tokens_per_s is None
    assert figures.itl is None


def test_the_warm_up_is_recorded_and_left_out() -> None:
    events = answer("w", 0.0, [9.0, 18.0], warmup=True) + answer("r", 20.0, [20.5, 20.6])
    assert len(request_figures(events)) == 2
    summary = summarize(events)
    assert summary.ttft_s == pytest.approx(0.5)
    assert (summary.prompt_tokens, summary.output_tokens) == (30, 2)


def test_p95_is_not_claimed_from_a_few_gaps() -> None:
    summary = summarize(answer("r", 0.0, [1.0, 1.1, 1.2]))
    assert summary.itl_p95_s is None
    assert summary.itl_max_s == pytest.approx(0.1)


def test_nothing_measured_stays_unknown() -> None:
    summary = summarize([])
    assert (summary.peak_rss_bytes, summary.ttft_s, summary.load_s) == (None, None, None)


def test_the_live_view_agrees_with_the_summary() -> None:
    events = [*answer("r", 0.0, [1.0, 1.1, 1.2, 1.4]), Sample(t=1.4, rss_bytes=50, peak_rss_bytes=80)]
    meter = Meter()
    for event in events:
        meter.add(event)
    view, summary = meter.view(), summarize(events)
    assert (view.ttft_s, view.decode_rate, view.itl_p50_s, view.peak_bytes) == (
        summary.ttft_s,
        summary.decode_tokens_per_s,
        summary.itl_p50_s,
        summary.peak_rss_bytes,
    )
    assert view.tokens == 4
    assert view.answer == "xxxx"


def test_once_the_job_is_over_the_view_shows_the_figures_of_all_its_repeats() -> None:
    first, second = answer("r", 0.0, [2.0, 2.5, 3.0]), answer("r#2", 4.0, [5.0, 5.1, 5.2])
    events = [attempt(), *first, *second, Ended(t=6.0, at="", outcome="completed")]
    meter = Meter()
    for event in events[:-1]:
        meter.add(event)
    assert meter.view().ttft_s == pytest.approx(1.0), "while it runs, of the answer that is given"
    meter.add(events[-1])
    view, summary = meter.view(), summarize(events)
    assert view.answers == 2 and view.ttft_s == pytest.approx(1.5) and view.itl_max_s == pytest.approx(0.5)
    assert (view.prefill_rate, view.decode_rate, view.itl_p50_s) == (
        summary.prefill_tokens_per_s,
        summary.decode_tokens_per_s,
        summary.itl_p50_s,
    )


def test_nothing_of_a_dead_child_stays_when_the_next_one_starts() -> None:
    meter = Meter()
    for event in (attempt(), Sample(t=0.5, rss_bytes=50), *answer("r", 1.0, [2.0, 2.5]), attempt()):
        meter.add(event)
    view = meter.view()
    assert (view.rss_bytes, view.peak_bytes, view.ttft_s, view.tokens) == (None, None, None, 0)
    assert view.memory_trace[-1][1] == 0.0


def test_an_attempt_without_an_end_is_interrupted_not_completed() -> None:
    started = attempt()
    assert [a.outcome for a in attempt_outcomes([started])] == ["interrupted"]
    assert [a.outcome for a in attempt_outcomes([started, Ended(t=1, at="", outcome="stopped")])] == ["stopped"]


def test_an_answer_cut_off_counts_with_what_there_is_of_it() -> None:
    cut = [e for e in answer("r", 0.0, [1.0, 1.1, 1.2]) if not isinstance(e, Completed)]
    summary = summarize([attempt(), *cut])
    assert (summary.prompt_tokens, summary.output_tokens, summary.ttft_s) == (30, 3, 1.0)
    assert summary.decode_tokens_per_s == pytest.approx(10.0)
    assert summary.stop_reason is None


def test_no_prompt_means_no_count_of_tokens() -> None:
    summary = summarize([attempt()])
    assert (summary.prompt_tokens, summary.output_tokens) == (None, None)


def test_the_longest_gap_of_a_long_answer_is_not_forgotten() -> None:
    meter = Meter()
    meter.add(RequestStarted(t=0.0, request="r", prompt="Q", prompt_tokens=1))
    for i in range(5000):
        meter.add(Token(t=i / 100 + (0.5 if i > 3 else 0.0), request="r", index=i, text="x"))
    assert meter.view().itl_max_s == pytest.approx(0.51)


def test_the_prefill_rate_is_there_before_the_first_token() -> None:
    meter = Meter()
    meter.add(RequestStarted(t=0.0, request="r", prompt="Q", prompt_tokens=30))
    assert meter.view().prefill_rate is None
    meter.add(Prefilled(t=0.5, request="r", prompt_tokens=30, prefill_s=0.5))
    assert meter.view().prefill_rate == 60.0


def test_a_long_answer_does_not_grow_the_view() -> None:
    meter = Meter()
    meter.add(RequestStarted(t=0.0, request="r", prompt="Q", prompt_tokens=1))
    for i in range(30_000):
        meter.add(Token(t=i / 10, request="r", index=i, text="word "))
    view = meter.view()
    assert view.tokens == 30_000
    assert view.decode_rate == pytest.approx(10.0)
    assert len(view.answer) <= 20_000


def served(times: list[float], tokens: int | None) -> list[Event]:
    """A server's answer whose pieces came at these times."""
    begun, *said, done = answer("a", 0, times)
    target = Target(api="openai", base_url="http://127.0.0.1:1/v1", model="m", origin="given")
    more = {"output_tokens": tokens, "pieces": len(times)}
    return [attempt().model_copy(update={"target": target}), begun, *said, done.model_copy(update=more)]


@pytest.mark.parametrize(("times", "tokens"), [([1.0, 1.0002, 1.0004], 64), ([1.0], 64), ([1.0, 1.0001], None)])
def test_no_rate_is_told_of_a_text_that_came_in_one_burst(times: list[float], tokens: int | None) -> None:
    (figures,) = request_figures(served(times, tokens))
    assert (figures.decode_tokens_per_s, figures.itl) == (None, None)
    assert any("in one burst" in doubt for doubt in figures.doubts) and figures.ttft_s == 1.0
    whole = summarize(served(times, tokens))
    assert (whole.decode_tokens_per_s, whole.itl_p50_s) == (None, None)


@pytest.mark.parametrize(("times", "tokens"), [([1.0, 1.1, 1.2], 3), ([1.0], 1)])
def test_a_stream_and_a_single_token_are_no_burst(times: list[float], tokens: int) -> None:
    (figures,) = request_figures(served(times, tokens))
    assert figures.doubts == ()
