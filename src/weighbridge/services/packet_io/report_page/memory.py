"""The plot of memory over time: what the process held, its parts, its peak, and what was forecast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weighbridge.domain.proof.events import Attempt, Event
from weighbridge.services.packet_io.records.files import RuntimeFile
from weighbridge.services.packet_io.report_page.attempts import (
    LETTER,
    Life,
    Row,
    attempt_keys,
    attempt_spans,
    attempt_table,
    crash_marks,
    lives,
)
from weighbridge.services.packet_io.report_page.scale import Axis, Point, axis, band, finite, path, thinned
from weighbridge.services.packet_io.report_page.units import MIB, contended, line, mib, number, percent, seconds
from weighbridge.services.packet_io.report_page.view import Cell, Key, Plot, Rule, Shape, Span, Table

POINTS = 400
"""Points drawn of one process: more than a screen shows apart."""
_FAR = 3.0
"""A level that is so many times higher than all that was measured would press the plot flat: it is told in words."""
_SPANS = 60
"""Phases drawn and listed; further ones are counted."""
Level = tuple[str, float, str]
"""Tone, MiB, and what it is."""
Stretch = tuple[Life, str, float, float | None]
"""A phase of an attempt: its name, start and end."""


def memory_plot(job: Sequence[Event], runtime: RuntimeFile) -> Plot | None:
    """Of the proof. None without a sample."""
    found = lives(job, runtime)
    drawn = [life for life in found if life.rows]
    if not drawn or runtime.proof is None:
        return None
    parted = all(len(row) == 4 for life in drawn for row in life.rows)
    if not parted:
        for life in drawn:
            life.rows = [(row[0], row[-1]) for row in life.rows]
    levels = _levels(runtime, job, found)
    highest = max(row[-1] for life in drawn for row in life.rows)
    near = [value for _, value, _ in levels if value <= _FAR * highest]
    y = axis(max([highest, *near]) * 1.04)
    phases = [(life, *phase) for life in found for phase in life.phases]
    ends = [life.rows[-1][0] for life in drawn] + [end for *_, end in phases if finite(end) is not None and end]
    x = axis(max(ends) or 1.0, rounded=False)
    several = len(found) > 1
    return Plot(
        id="memory",
        title="Memory of the engine's process during the proof",
        description=_description(drawn, parted, levels, len(phases)),
        x_label="seconds since the start of the proof",
        y_label="MiB",
        x_ticks=x.x_ticks(),
        y_ticks=y.y_ticks(),
        shapes=tuple(shape for life in drawn for shape in _shapes(life.rows, x, y, life is not found[-1])),
        rules=tuple(_rule(tone, value, x, y, found) for tone, value, _ in levels if value <= y.high),
        note=contended(runtime.proof.figures.noise),
        spans=tuple(_spans(phases[:_SPANS], x, several)),
        attempts=tuple(attempt_spans(found, x)),
        marks=tuple(crash_marks(found, x)),
        keys=(*_keys(parted), *(_key(tone, value, text, y) for tone, value, text in levels), *attempt_keys(found)),
        tables=(*([attempt_table(found)] if several else []), _table(runtime, found), _phases(phases, several)),
    )


def _rule(tone: str, value: float, x: Axis, y: Axis, found: Sequence[Life]) -> Rule:
    """The peak of the last attempt is drawn over that attempt alone, every other level over the whole plot."""
    own = tone == "peak" and len(found) > 1
    return Rule(y.y(value), tone, x.percent(found[-1].start)) if own else Rule(y.y(value), tone)


def _shapes(rows: Sequence[Row], x: Axis, y: Axis, earlier: bool) -> list[Shape]:
    """The areas and edges of one process. `earlier`: the figures are of a later one."""
    parted = len(rows[0]) == 4
    rows = thinned(rows, POINTS, 3 if parted else 1)

    def level(at: int) -> list[Point]:
        return [(x.x(row[0]), y.y(row[at])) for row in rows]

    base = [(x.x(row[0]), y.y(0.0)) for row in rows]
    if not parted:
        return [Shape(band(level(1), base), "rss"), Shape(path(level(1)), "edge", earlier)]
    return [
        Shape(band(level(1), base), "anon", earlier),
        Shape(band(level(3), level(1)), "file", earlier),
        Shape(path(level(1)), "edge", earlier),
        Shape(path(level(3)), "edge", earlier),
    ]


def _levels(runtime: RuntimeFile, job: Sequence[Event], found: Sequence[Life]) -> list[Level]:
    """Peak, forecast and limit, as far as they are known and speak of this proof."""
    assert runtime.proof is not None
    last = f"attempt {found[-1].number}" if len(found) > 1 else ""
    peak = f"peak of {last} (RSS)" if last else "peak RSS"
    known: list[tuple[str, int | None, str]] = [("peak", runtime.proof.figures.peak_rss_bytes, peak)]
    if runtime.forecast is not None and runtime.forecast_against_measured is not None:
        known.append(("forecast", runtime.forecast.total_bytes, "forecast without repacked weights"))
        if runtime.forecast.total_max_bytes != runtime.forecast.total_bytes:
            known.append(("most", runtime.forecast.total_max_bytes, "forecast at most"))
    starts = [event.available_bytes for event in job if isinstance(event, Attempt)]
    when = f"before {last}" if last else "before the start"
    known.append(("limit", starts[-1] if starts else None, f"limit: memory available just {when}"))
    return [(tone, size / MIB, text) for tone, value, text in known if (size := finite(value)) is not None]


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


def _description(drawn: Sequence[Life], parted: bool, levels: Sequence[Level], phases: int) -> str:
    count = sum(len(life.rows) for life in drawn)
    processes = "1 process" if len(drawn) == 1 else f"{len(drawn)} processes"
    lines = "; ".join(f"{text} {value:,.0f} MiB" for _, value, text in levels)
    told = " ".join(
        f"{'It' if len(drawn) == 1 else f'{life.name.capitalize()}, {life.ended},'} {_course(life.rows, parted)}"
        for life in drawn
    )
    return (
        f"{count:,} samples of {processes}, in {phases} phases. {told} Lines: {lines or 'none'}. "
        "The table below has the figures."
    )


def _course(rows: Sequence[Row], parted: bool) -> str:
    first, last, top = rows[0], rows[-1], max(rows, key=lambda row: row[-1])
    parts = f", of it {top[1]:,.0f} MiB anonymous" if parted else ""
    return (
        f"starts at {first[-1]:,.0f} MiB, is largest at {top[0]:,.1f} s with {top[-1]:,.0f} MiB{parts}, and ends at "
        f"{last[-1]:,.0f} MiB."
    )


def _spans(phases: Iterable[Stretch], x: Axis, several: bool) -> Iterable[Span]:
    for life, phase, start, end in phases:
        left, right = x.percent(start), x.percent(x.high if end is None else end)
        width = round(right - left, 2)
        label = phase if width >= LETTER * (len(phase) + 1) else ""
        until = "the end" if end is None else f"{end:,.2f} s"
        of = f"attempt {life.number}, " if several else ""
        yield Span(left, width, label, f"{of}{phase}: {start:,.2f} s to {until}")


def _table(runtime: RuntimeFile, found: Sequence[Life]) -> Table:
    """Forecast beside measurement where the two can be compared; else what was measured."""
    rows = runtime.forecast_against_measured
    of = f" in attempt {found[-1].number}" if len(found) > 1 else ""
    if rows is None:
        assert runtime.proof is not None
        why = line(runtime.missing.get("forecast_against_measured", "no reason is on record"))
        figures = runtime.proof.figures
        names = ("peak_rss_bytes", "baseline_rss_bytes", "rss_anon_bytes", "rss_file_bytes", "uss_bytes", "swap_bytes")
        shown = [(Cell(name.removesuffix("_bytes")), number(mib(getattr(figures, name)))) for name in names]
        return Table(
            f"Memory as measured{of}; no forecast to compare: {why}", (Cell("figure"), Cell("MiB")), tuple(shown)
        )
    head = (Cell("quantity"), Cell("forecast", "number"), Cell("measured", "number"), Cell("difference", "number"))
    return Table(
        f"Memory: forecast before the run, and measured{of}. Difference: 100 × (forecast − measured) / measured",
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


def _phases(phases: Sequence[Stretch], several: bool) -> Table:
    """With a column for the attempt where there is more than one; the phase in which one broke says so."""
    more = f"; {len(phases) - _SPANS:,} later ones are not listed" if len(phases) > _SPANS else ""
    last = {id(life): at for at, (life, *_) in enumerate(phases)}

    def attempt(at: int, life: Life) -> tuple[Cell, ...]:
        if not several:
            return ()
        broke = life.broken and last[id(life)] == at
        return (Cell(f"{life.name}: {life.ended}", "bad") if broke else Cell(life.name),)

    return Table(
        f"Phases of the proof, seconds since its start{more}",
        (
            Cell("phase"),
            *([Cell("attempt")] if several else []),
            *(Cell(name, "number") for name in ("from", "to", "took")),
        ),
        tuple(
            (
                Cell(phase),
                *attempt(at, life),
                number(seconds(start)),
                number(seconds(end)),
                number(seconds(None if end is None else end - start)),
            )
            for at, (life, phase, start, end) in enumerate(phases[:_SPANS])
        ),
    )
