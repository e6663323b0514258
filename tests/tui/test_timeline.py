"""The time axis: phases and points as columns."""

from __future__ import annotations

import pytest

from weighbridge.domain.proof.timeline import (
    POINTS,
    Phase,
    Series,
    Span,
    Window,
    columns,
    next_zoom,
    phase_line,
    phases,
    scale,
    window,
)

SPANS = (
    Span("start", 0.0, 0.4), Span("load", 0.4, 1.0), Span("warm-up", 1.0, 2.0), Span("prefill", 2.0, 4.0),
    Span("decode", 4.0),
)  # fmt: skip


def test_an_axis_holds_the_job_and_changes_seldom() -> None:
    assert [scale(s) for s in (0.0, 4.9, 5.1, 61.0, 100_000.0)] == [5.0, 5.0, 10.0, 120.0, 100_000.0]


@pytest.mark.parametrize(
    ("zoom", "expected"),
    [
        (None, Window(0.0, 10.0)),
        ("load", Window(0.4, 0.6, "load")),
        ("decode", Window(4.0, 5.0, "decode")),
        ("threads", Window(0.0, 10.0)),
    ],
)
def test_a_window_is_the_job_or_one_phase(zoom: Phase | None, expected: Window) -> None:
    found = window(SPANS, 8.0, zoom)
    assert (found.start, round(found.seconds, 6), found.phase) == expected
    assert window(SPANS, 8.0, None, over=True) == Window(0.0, 8.0), "a job that is over fills its axis"


def test_a_sampled_value_lasts_until_the_next_and_a_moment_does_not() -> None:
    points, shown = [(0.5, 3.0), (2.5, 5.0)], Window(0.0, 5.0)
    assert columns(points, shown, 5, until=4.0) == [3.0, 3.0, 5.0, 5.0, 5.0]
    assert columns(points, shown, 5) == [3.0, 0.0, 5.0, 0.0, 0.0]
    assert columns(points, Window(1.0, 2.0), 2, until=9.0) == [3.0, 5.0], "what came before still stands"
    assert columns([(0.1, 9.0), (0.2, 1.0)], shown, 5)[0] == 9.0, "the largest of a column is drawn"


def test_phases_stand_under_their_columns() -> None:
    row = phases(SPANS, Window(0.0, 10.0), 10, 8.0)
    assert row == ["load", "warm-up", "prefill", "prefill", *["decode"] * 4, None, None]
    assert phase_line(row) == "├├├─├───  "
    assert phase_line([*row[4:8], *row[4:8], None]) == "├decode─ "
    cut: list[Phase | None] = ["load", "load", "load", "load"]
    cut += ["threads"] * 8
    assert phase_line(cut) == "├───├threads", "never a cut word"


def test_zoom_goes_round_the_phases_that_were() -> None:
    seen: list[Phase | None] = [None]
    for _ in range(4):
        seen.append(next_zoom(SPANS, seen[-1]))
    assert seen == [None, "load", "prefill", "decode", None]
    assert next_zoom((), None) is None


def test_a_long_series_stays_bounded_and_keeps_its_peaks() -> None:
    series = Series()
    for i in range(100_000):
        series.add(float(i), 7.0 if i == 51_234 else 1.0)
    assert len(series.points) < 2 * POINTS
    assert max(value for _, value in series.points) == 7.0
    assert [t for t, _ in series.points] == sorted(t for t, _ in series.points)
