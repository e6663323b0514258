"""What the two live panels share: aligned figures above a trace, and below it the phases of the job."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.cells import cell_len

from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.timeline import SCALES, Phase, Point, Window, columns, phase_line, phases, window
from weighbridge.tui.widgets.canvas import Canvas, Line
from weighbridge.tui.widgets.figures import UNKNOWN, elapsed
from weighbridge.tui.widgets.trace import Scale, trace_lines

WIDEST = 34
"""Columns of a row of figures: on a wide screen the number still stands near its name."""

DECIMALS = re.compile(r"\d[\d,]*\d\.\d+")
"""A number from ten on with digits behind the point, which a narrow panel leaves out."""

Figure = tuple[str, str]
NAMES: dict[Phase, str] = {"threads": "measuring threads"}
"""Phases whose own word does not say what goes on."""
ENDS = ("done", "stopped", "failed")
"""Phases in which nothing more is to come; after a failure a second attempt may follow."""


def figure_lines(figures: Sequence[Figure], width: int, before: Sequence[Figure] = ()) -> list[Line]:
    """Names at the left, figures right-aligned in one column.

    `before`: the same figures of an earlier run, muted and in brackets at their left, as far as there is room.
    """
    old = dict(before)
    width = max(1, min(width, WIDEST + (14 if old else 0)))
    return [_figure_line(name, value, old.get(name), width) for name, value in figures]


def _figure_line(name: str, value: str, old: str | None, width: int) -> Line:
    room = width - cell_len(name) - cell_len(value)
    for bare, now in _brackets(old, value) if old not in (None, UNKNOWN) and value != UNKNOWN else ():
        left = width - cell_len(name) - cell_len(bare) - cell_len(now)
        if left > 0:
            return ((name, "muted"), (" " * left, "text"), (bare, "muted"), (now, "text"))
    return ((name, "muted"), (" " * max(1, room), "text"), (value, "text"))


def _brackets(old: str | None, value: str) -> Iterator[tuple[str, str]]:
    """The earlier figure in brackets and the present one, shorter and shorter; at last `(…)`."""
    unit = _unit(value)
    bare = str(old).removesuffix(unit).replace(f"{unit},", ",")
    yield f"({bare}) ", value
    yield f"({_rounded(bare)}) ", value
    yield f"({_rounded(bare)}) ", _rounded(value)
    yield f"({_rounded(bare)}) ", _rounded(value).removesuffix(unit)
    yield "(…) ", value
    yield "(…) ", value.removesuffix(unit)


def _rounded(value: str) -> str:
    """Numbers from ten on without digits behind the point."""
    return DECIMALS.sub(lambda found: f"{float(found[0].replace(',', '')):,.0f}", value)


def _unit(value: str) -> str:
    """` MiB` of `203 MiB`: said once where two figures stand side by side."""
    last = value.rpartition(" ")[2]
    return f" {last}" if " " in value and not last[0].isdigit() else ""


class Panel(Canvas):
    """Subclasses say which figures to show, full and short, which points are traced, and how that is scaled."""

    TITLE: ClassVar[str] = ""
    DEFAULT_CSS = """
    Panel { height: 12; width: 1fr; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._view = LiveView()
        self._before: LiveView | None = None
        self._zoom: Phase | None = None
        self._subtitle = ""

    def show(self, view: LiveView, before: LiveView | None, zoom: Phase | None, subtitle: str) -> None:
        """Draws another view, beside an earlier one if there is one; called by a timer, never by an event."""
        self._view, self._before, self._zoom, self._subtitle = view, before, zoom, subtitle
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted or not self.size.width:
            return
        (width, height), view = self.inner, self._view
        rows = self._figures(view, height)
        old = self._figures(self._before, height) if self._before is not None else ()
        lines = figure_lines(rows, width, old)
        lines += [((line, "muted"),) for line in textwrap.wrap(self.note(view), max(10, width))]
        lines = lines[: height - 1]
        shown = window(view.spans, view.elapsed_s, self._zoom, view.phase in ENDS)
        drawn = min(view.elapsed_s, shown.start + shown.seconds)
        values = columns(self.points(view), shown, width, drawn if self.LASTS else None)
        lines += trace_lines(values, self.scaled(view), max(0, height - len(lines) - 1))
        phase_row = phase_line(phases(view.spans, shown, width, view.elapsed_s))
        lines.append(((phase_row, "muted"),))
        title = self.title(view)
        axis = _axis(shown, self.size.width - len(title) - 9) if view.spans else ""
        self.paint(lines, (title, axis), ("", self._subtitle))

    LASTS: ClassVar[bool] = False
    """Whether a point speaks for the time until the next one."""

    def _figures(self, view: LiveView, height: int) -> list[Figure]:
        if height < 10:
            return self.short_figures(view)
        return self.figures(view) if height < 14 else self.all_figures(view)

    def figures(self, view: LiveView) -> list[Figure]:
        """Six rows, for the design size."""
        raise NotImplementedError

    def short_figures(self, view: LiveView) -> list[Figure]:
        """Five rows, for a low terminal."""
        raise NotImplementedError

    def all_figures(self, view: LiveView) -> list[Figure]:
        """Eight rows, where there is room to spare."""
        raise NotImplementedError

    def note(self, view: LiveView) -> str:
        """What stands below the figures, in words; empty: nothing."""
        return ""

    def title(self, view: LiveView) -> str:
        """What stands in the frame."""
        return self.TITLE

    def points(self, view: LiveView) -> Sequence[Point]:
        raise NotImplementedError

    def scaled(self, view: LiveView) -> Scale:
        raise NotImplementedError


def _axis(shown: Window, room: int) -> str:
    """What the width of the trace is: `10 s`, or `decode, 3.1 s`; the length alone where both have no room."""
    length = f"{shown.seconds:.0f} s" if shown.seconds in SCALES else elapsed(shown.seconds)
    if not shown.phase:
        return length
    alone = f"{NAMES.get(shown.phase, shown.phase)}, {length}"
    short = f"{shown.phase}, {length}"
    return next((words for words in (alone, short) if cell_len(words) <= room), length)
