"""The plot of memory over time: what the process held, its parts, its peak, and what was forecast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weighbridge.domain.proof.events import Attempt, Event, Sample
from weighbridge.domain.proof.timeline import Timeline
from weighbridge.services.packet_io.records import RuntimeFile
from weighbridge.services.packet_io.report_page.scale import Axis, Point, axis, band, finite, path, thinned
from weighbridge.services.packet_io.report_page.units import MIB, contended, line, mib, number, percent, seconds
from weighbridge.services.packet_io.report_page.view import Cell, Key, Plot, Rule, Shape, Span, Table

POINTS = 400
"""Points drawn of one process: more than a screen shows apart."""
_FAR = 3.0
"""A level that is so many times higher than all that was measured would press the plot flat: it is told in words."""
_LETTER = 2.3
"""Percent of the width that one letter of a phase's name takes on a narrow screen."""
_SPANS = 60
"""Phases drawn and listed; further ones are counted."""
Row = tuple[float, ...]
"""t in seconds; anonymous and file-backed memory and their sum, or RSS alone as (t, rss), in MiB."""


def memory_plot(job: Sequence[Event], runtime: RuntimeFile) -> Plot | None:
    """Of the proof. None without a sample."""
    lives = [rows for rows in _lives(job) if rows]
    if not lives or runtime.proof is None:
        return None
    parted = all(len(row) == 4 for rows in lives for row in rows)
    if not parted:
        lives = [[(row[0], row[-1]) for row in rows] for rows in lives]
    levels = _levels(runtime, job)
    highest = max(row[-1] for rows in lives for row in rows)
    near = [value for _, value, _ in levels if value <= _FAR * highest]
    y = axis(max([highest, *near]) * 1.04)
    timeline = Timeline()
    for event in job:
        timeline.add(event)
    spans = [(s.phase, s.start, s.end) for s in timeline.spans if finite(s.start) is not None]
    end = max([row[0] for rows in lives for row in rows] + [e for _, _, e in spans if finite(e) is not None and e])
    x = axis(end or 1.0, rounded=False)
    return Plot(
        id="memory",
        title="Memory of the engine's process during the proof",
        description=_description(lives, parted, levels, len(spans)),
        x_label="seconds since the start of the proof",
        y_label="MiB",
        x_ticks=x.x_ticks(),
        y_ticks=y.y_ticks(),
        shapes=tuple(shape for rows in lives for shape in _shapes(rows, x, y)),
        rules=tuple(Rule(y.y(value), tone) for tone, value, _ in levels if value <= y.high),
        note=contended(runtime.proof.figures.noise),
        spans=tuple(_spans(spans[:_SPANS], x)),
        keys=(*_keys(parted), *(_key(tone, value, text, y) for tone, value, text in levels)),
        tables=(_table(runtime), _phases(spans)),
    )


def _lives(job: Sequence[Event]) -> list[list[Row]]:
    """The samples of each process of the job."""
    lives: list[list[Row]] = []
    for event in job:
        if isinstance(event, Attempt):
            lives.append([])
        elif isinstance(event, Sample) and lives:
            t, rss = finite(event.t), finite(event.rss_bytes)
            anon, file = finite(event.rss_anon_bytes), finite(event.rss_file_bytes)
            if t is None or rss is None:
                continue
            parts = (anon / MIB, file / MIB, (anon + file) / MIB) if anon is not None and file is not None else ()
            lives[-1].append((t, *parts) if parts else (t, rss / MIB))
    return lives


def _shapes(rows: Sequence[Row], x: Axis, y: Axis) -> list[Shape]:
    parted = len(rows[0]) == 4
    rows = thinned(rows, POINTS, 3 if parted else 1)

    def level(at: int) -> list[Point]:
        return [(x.x(row[0]), y.y(row[at])) for row in rows]

    base = [(x.x(row[0]), y.y(0.0)) for row in rows]
    if not parted:
        return [Shape(band(level(1), base), "rss"), Shape(path(level(1)), "edge")]
    return [
        Shape(band(level(1), base), "anon"),
        Shape(band(level(3), level(1)), "file"),
        Shape(path(level(1)), "edge"),
        Shape(path(level(3)), "edge"),
    ]


Level = tuple[str, float, str]
"""Tone, MiB, and what it is."""


def _levels(runtime: RuntimeFile, job: Sequence[Event]) -> list[Level]:
    """Peak, forecast and limit, as far as they are known and speak of this proof."""
    assert runtime.proof is not None
    found: list[tuple[str, int | None, str]] = [("peak", runtime.proof.figures.peak_rss_bytes, "peak RSS")]
    if runtime.forecast is not None and runtime.forecast_against_measured is not None:
        found.append(("forecast", runtime.forecast.total_bytes, "forecast without repacked weights"))
        if runtime.forecast.total_max_bytes != runtime.forecast.total_bytes:
            found.append(("most", runtime.forecast.total_max_bytes, "forecast at most"))
    starts = [event.available_bytes for event in job if isinstance(event, Attempt)]
    found.append(("limit", starts[-1] if starts else None, "limit: memory available just before the start"))
    return [(tone, size / MIB, text) for tone, value, text in found if (size := finite(value)) is not None]


def _keys(parted: bool) -> tuple[Key, ...]:
    if not parted:
        return (Key("rss", "resident memory (RSS); this system does not tell its parts"),)
    return (
        Key("anon", "anonymous memory: KV cache, buffers, repacked weights"),
        Key("file", "file-backed memory: weights mapped from the file, and libraries; it lies on top"),
    )


def _key(tone: str, value: float, text: str, y: Axis) -> Key:
    above = value > y.high
    return Key("" if above else tone, f"{text}: {value:,.1f} MiB" + (", far above this plot" if above else ""))


def _description(lives: Sequence[Sequence[Row]], parted: bool, levels: Sequence[Level], phases: int) -> str:
    rows = [row for life in lives for row in life]
    first, last, top = rows[0], rows[-1], max(rows, key=lambda row: row[-1])
    parts = f", of it {top[1]:,.0f} MiB anonymous" if parted else ""
    lines = "; ".join(f"{text} {value:,.0f} MiB" for _, value, text in levels)
    processes = "1 process" if len(lives) == 1 else f"{len(lives)} processes"
    return (
        f"{len(rows):,} samples of {processes}, in {phases} phases. It "
        f"starts at {first[-1]:,.0f} MiB, is largest at {top[0]:,.1f} s with {top[-1]:,.0f} MiB{parts}, and ends at "
        f"{last[-1]:,.0f} MiB. Lines: {lines or 'none'}. The table below has the figures."
    )


def _spans(spans: Iterable[tuple[str, float, float | None]], x: Axis) -> Iterable[Span]:
    for phase, start, end in spans:
        left, right = x.percent(start), x.percent(x.high if end is None else end)
        width = round(right - left, 2)
        label = phase if width >= _LETTER * (len(phase) + 1) else ""
        yield Span(left, width, label, f"{phase}: {start:,.2f} s to {'the end' if end is None else f'{end:,.2f} s'}")


def _table(runtime: RuntimeFile) -> Table:
    """Forecast beside measurement where the two can be compared; else what was measured."""
    rows = runtime.forecast_against_measured
    if rows is None:
        assert runtime.proof is not None
        why = line(runtime.missing.get("forecast_against_measured", "no reason is on record"))
        figures = runtime.proof.figures
        names = ("peak_rss_bytes", "baseline_rss_bytes", "rss_anon_bytes", "rss_file_bytes", "uss_bytes", "swap_bytes")
        shown = [(Cell(name.removesuffix("_bytes")), number(mib(getattr(figures, name)))) for name in names]
        return Table(f"Memory as measured; no forecast to compare: {why}", (Cell("figure"), Cell("MiB")), tuple(shown))
    head = (Cell("quantity"), Cell("forecast", "number"), Cell("measured", "number"), Cell("difference", "number"))
    return Table(
        "Memory: forecast before the run, and measured. Difference: 100 × (forecast − measured) / measured",
        (*head, Cell("measured by")),
        tuple(
            (
                Cell(line(row.quantity)),
                number(mib(row.forecast_bytes)),
                number(mib(row.measured_bytes)),
                Cell("", "absent")
                if row.difference_percent is None
                else Cell(percent(row.difference_percent), "number"),
                Cell(line(row.measured_by)),
            )
            for row in rows
        ),
    )


def _phases(spans: Sequence[tuple[str, float, float | None]]) -> Table:
    more = f"; {len(spans) - _SPANS:,} later ones are not listed" if len(spans) > _SPANS else ""
    return Table(
        f"Phases of the proof, seconds since its start{more}",
        (Cell("phase"), Cell("from", "number"), Cell("to", "number"), Cell("took", "number")),
        tuple(
            (
                Cell(phase),
                number(seconds(start)),
                number(seconds(end)),
                number(seconds(None if end is None else end - start)),
            )
            for phase, start, end in spans[:_SPANS]
        ),
    )
