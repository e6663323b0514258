"""The plots: round steps, nothing left out that is large, no percentile that the count does not carry."""

from __future__ import annotations

import pytest
from report.at_hand import CRASHED_PEAK, LATER_S, crashed_first, many

from weighbridge.domain.proof.events import Attempt, Sample
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.report_page.build import view_of
from weighbridge.services.packet_io.report_page.scale import HEIGHT, axis, finite, path, thinned
from weighbridge.services.packet_io.report_page.view import Plot


def plot(c: Contents, name: str) -> Plot:
    return next(one for one in view_of(c).plots if one.id == name)


@pytest.mark.parametrize(
    ("high", "labels"),
    [
        (0.43, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        (1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (237.0, ["0", "50", "100", "150", "200", "250"]),
        (9_000.0, ["0", "2,000", "4,000", "6,000", "8,000", "10,000"]),
    ],
)
def test_an_axis_has_round_steps_up_to_its_largest_value(high: float, labels: list[str]) -> None:
    found = axis(high)
    assert [tick.label for tick in found.y_ticks()] == labels
    assert found.high >= high
    assert found.y(0.0) == HEIGHT
    assert found.y(found.high) == 0.0


def test_a_time_axis_ends_where_the_job_ended() -> None:
    found = axis(7.3, rounded=False)
    assert found.x(7.3) == 1000
    assert [tick.label for tick in found.x_ticks()] == ["0", "2", "4", "6"]


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -1.0, 10**400, 1e15])
def test_what_cannot_be_drawn_is_left_out(value: float | None) -> None:
    assert finite(value) is None


def test_thinning_keeps_the_largest_value() -> None:
    rows = [(float(at), 1.0) for at in range(5_000)]
    rows[1_234] = (1_234.0, 99.0)
    kept = thinned(rows, 400, 1)
    assert len(kept) <= 400
    assert (1_234.0, 99.0) in kept


def test_a_path_is_lines_between_points() -> None:
    assert path([(0.0, 180.0), (500.5, 20.0)]) == "M0 180L500.5 20"


def test_the_memory_plot_draws_parts_peak_and_phases(weighed: Contents) -> None:
    assert weighed.runtime is not None
    assert weighed.runtime.proof is not None
    peak = weighed.runtime.proof.figures.peak_rss_bytes
    assert peak is not None
    shown = plot(weighed, "memory")
    assert {shape.tone for shape in shown.shapes} == {"anon", "file", "edge"}
    assert "peak" in {rule.tone for rule in shown.rules}
    assert any(key.text == f"peak RSS: {peak / 2**20:,.1f} MiB" for key in shown.keys)
    assert {"load", "prefill", "decode"} <= {span.title.split(":")[0] for span in shown.spans}
    assert f"{peak / 2**20:,.0f} MiB" in shown.description


def test_a_crashed_first_attempt_is_parted_from_the_one_that_counts(weighed: Contents) -> None:
    shown = plot(crashed_first(weighed), "memory")
    assert weighed.runtime is not None
    assert weighed.runtime.proof is not None
    peak = f"{(weighed.runtime.proof.figures.peak_rss_bytes or 0) / 2**20:,.1f} MiB"
    assert [mark.text for mark in shown.marks] == ["✗ attempt 1: crashed by SIGSEGV"]
    assert [span.title.split(":")[0] for span in shown.attempts] == ["attempt 1, default mode", "attempt 2, safe mode"]
    assert {shape.earlier for shape in shown.shapes} == {True, False}
    words = [key.text for key in shown.keys]
    assert f"peak of attempt 2 (RSS): {peak}" in words
    assert any(text.startswith("attempt 1, default mode: crashed by SIGSEGV at 2.0 s") for text in words)
    attempts, _, phases = shown.tables
    rows = [[cell.text for cell in row] for row in attempts.rows]
    assert rows[0] == ["attempt 1, default mode", "✗ crashed by SIGSEGV", f"{CRASHED_PEAK / 2**20:,.1f} MiB", "no"]
    assert rows[1] == ["attempt 2, safe mode", "completed", peak, "yes"]
    of = [(row[0].text, row[1].text) for row in phases.rows]
    assert ("warm-up", "attempt 1, default mode: crashed by SIGSEGV") in of
    assert ("decode", "attempt 2, safe mode") in of
    left = {rule.tone: rule.left for rule in shown.rules}
    end = max(span.x + span.width for span in shown.attempts)
    assert 0 < left["peak"] < end
    assert left["peak"] == next(span.x for span in shown.attempts if f"{LATER_S:.2f} s to" in span.title)


def test_one_attempt_needs_no_marks(weighed: Contents) -> None:
    shown = plot(weighed, "memory")
    assert (shown.marks, shown.attempts, len(shown.tables)) == ((), (), 2)


def test_a_limit_far_above_is_told_and_does_not_press_the_plot_flat(weighed: Contents) -> None:
    job = [e.model_copy(update={"available_bytes": 2**40}) if isinstance(e, Attempt) else e for e in weighed.events]
    weighed.lines["data/events.jsonl"] = job
    shown = plot(weighed, "memory")
    assert "limit" not in {rule.tone for rule in shown.rules}
    assert any("1,048,576.0 MiB, far above this plot" in key.text for key in shown.keys)


def test_a_system_that_does_not_tell_the_parts_gets_one_area(weighed: Contents) -> None:
    weighed.lines["data/events.jsonl"] = [
        e.model_copy(update={"rss_anon_bytes": None}) if isinstance(e, Sample) else e for e in weighed.events
    ]
    shown = plot(weighed, "memory")
    assert {shape.tone for shape in shown.shapes} == {"rss", "edge"}
    assert "does not tell its parts" in shown.keys[0].text


def test_five_cases_give_five_dots_and_no_p95(weighed: Contents) -> None:
    shown = plot(weighed, "ttft")
    assert len(shown.dots) == len(weighed.results)
    assert {rule.tone for rule in shown.rules} == {"p50"}
    assert "no p95, too few: 59 are needed" in shown.description


def test_many_cases_give_p95_and_dots_without_names(weighed: Contents) -> None:
    shown = plot(many(weighed, 300, "short"), "ttft")
    assert {rule.tone for rule in shown.rules} == {"p50", "p95"}
    assert not shown.dots
    assert shown.shapes[0].path.count("M") == 300


def test_a_kept_prefix_is_drawn_apart_and_counts_in_no_median(weighed: Contents) -> None:
    first, *rest = weighed.results
    weighed.lines["data/eval/results.jsonl"] = [first.model_copy(update={"reused_tokens": 9}), *rest]
    shown = plot(weighed, "ttft")
    assert [dot.tone for dot in shown.dots].count("warm") == 1
    assert f"Of {len(rest)} cold prompts" in shown.description
