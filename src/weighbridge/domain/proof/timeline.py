"""The time axis of a job: which phase when, and measured points as columns of a trace. Times are seconds of the job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Connected,
    Ended,
    Event,
    Failed,
    Loaded,
    Prefilled,
    Ready,
    RequestStarted,
    ServerSample,
    Stopped,
    Swept,
    Token,
)
from weighbridge.domain.proof.remote import ASKED_AGAIN

Phase = Literal["start", "connect", "load", "threads", "warm-up", "wait", "prefill", "decode"]
"""`connect`: until a server is ready; its `prefill` holds its queue and the way to it too, up to its first text.
`wait`: it sent the prompt away, to be asked again."""
ZOOMS: tuple[Phase, ...] = ("connect", "load", "threads", "wait", "prefill", "decode")
"""Phases that can be looked at alone."""
POINTS = 1024
"""A series keeps between this many and twice as many points: more than any terminal is wide."""
SPANS = 512
"""Phases kept: those of the newest 170 cases."""
SCALES = (5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400)
"""Lengths of a time axis, seconds: columns stay where they are until the job outgrows one."""

Point = tuple[float, float]
"""(t, value)"""


class Span(NamedTuple):
    """A phase from `start` on; `end` is None while it lasts."""

    phase: Phase
    start: float
    end: float | None = None


class Window(NamedTuple):
    """The part of the job that is drawn: `start` and length, both in seconds; `phase` is None for the whole job."""

    start: float
    seconds: float
    phase: Phase | None = None


@dataclass
class Series:
    """Points in order of time. Where they become too many, each two neighbours become the larger one of them."""

    points: list[Point] = field(default_factory=list)

    def add(self, t: float, value: float) -> None:
        """Constant time, on the average."""
        self.points.append((t, value))
        if len(self.points) >= 2 * POINTS:
            pairs = zip(self.points[::2], self.points[1::2], strict=True)
            self.points = [a if a[1] >= b[1] else b for a, b in pairs]


@dataclass
class Timeline:
    """Takes events and keeps the phases of the job. A second attempt goes on behind the first.

    Of the samples of a server it takes those alone that begin or end a wait in the middle of a request.
    """

    spans: list[Span] = field(default_factory=list)
    measures_threads: bool = False
    _warm_up: bool = False
    _served: bool = False

    def add(self, event: Event) -> None:
        match event:
            case Attempt():
                self._served = event.target is not None
                self.measures_threads = event.settings.n_threads is None and not self._served
                self._begin("connect" if self._served else "start", event.t)
            case Ready():
                self._begin("load", event.t)
            case Loaded() if self.measures_threads:
                self._begin("threads", event.t)
            case RequestStarted():
                self._warm_up = event.warmup
                self._begin("warm-up" if event.warmup else "prefill", event.t)
            case Prefilled() if not self._warm_up:
                self._begin("decode", event.t)
            case Token() if self._served and not self._warm_up and self._last in ("prefill", "wait"):
                self._begin("decode", event.t)
            case ServerSample() if event.wait and self._last in ("warm-up", "prefill"):
                self._begin("wait", event.t)
            case ServerSample() if event.source == ASKED_AGAIN and self._last == "wait":
                self._begin("warm-up" if self._warm_up else "prefill", event.t)
            case Connected() | Loaded() | Swept() | Completed() | Failed() | Stopped() | Ended():
                self._close(event.t)
            case _:
                pass

    @property
    def _last(self) -> Phase | None:
        return self.spans[-1].phase if self.spans else None

    def _close(self, t: float) -> None:
        if self.spans and self.spans[-1].end is None:
            self.spans[-1] = self.spans[-1]._replace(end=t)

    def _begin(self, phase: Phase, t: float) -> None:
        self._close(t)
        self.spans.append(Span(phase, t))
        if len(self.spans) > SPANS:
            del self.spans[0]


def scale(seconds: float) -> float:
    """The shortest length of an axis that holds so many seconds."""
    return next((float(s) for s in SCALES if s >= seconds), seconds)


def window(spans: Sequence[Span], elapsed_s: float, phase: Phase | None, over: bool = False) -> Window:
    """The whole job, or the newest stretch of one phase. The whole job where there is no such stretch.

    A job that is `over` fills its axis; one that goes on has room to grow.
    """
    found = next((span for span in reversed(spans) if span.phase == phase), None)
    if found is None:
        return Window(0.0, max(elapsed_s, 1e-3) if over else scale(elapsed_s))
    if found.end is None:
        return Window(found.start, scale(elapsed_s - found.start), phase)
    return Window(found.start, max(found.end - found.start, 1e-3), phase)


def columns(points: Iterable[Point], shown: Window, width: int, until: float | None = None) -> list[float]:
    """The largest value of each column; 0 where there is none.

    With `until` a value lasts until the next point, or until then: what is sampled. Without it, it is of its moment.
    """
    found: list[float | None] = [None] * width
    before: float | None = None
    each = shown.seconds / max(width, 1)
    for t, value in points:
        at = int((t - shown.start) / each)
        if t < shown.start:
            before = value
        elif at < width:
            seen = found[at]
            found[at] = value if seen is None or value > seen else seen
    if until is None:
        return [value or 0.0 for value in found]
    last = int((until - shown.start) / each)
    for at in range(min(width, last + 1)):
        before = found[at] = before if found[at] is None else found[at]
    return [value or 0.0 for value in found]


def phases(spans: Iterable[Span], shown: Window, width: int, until: float) -> list[Phase | None]:
    """The phase of each column: the newest that begins in it, or the one that it lies in. None: nothing went on."""
    row: list[Phase | None] = [None] * width
    each = shown.seconds / max(width, 1)
    for span in spans:
        first = int((span.start - shown.start) / each)
        end = until if span.end is None else span.end
        last = max(first, int((end - shown.start) / each - 0.5))
        if span.start < shown.start + shown.seconds:
            for at in range(max(0, first), min(width, last + 1)):
                row[at] = span.phase
    return row


def phase_line(row: Sequence[Phase | None]) -> str:
    """The phases, each from a tick on, in words where the whole word has room: `├─├load─├prefill─├decode────`."""
    out, at = "", 0
    while at < len(row):
        end = at
        while end < len(row) and row[end] == row[at]:
            end += 1
        phase, size = row[at], end - at
        if phase is None:
            out += " " * size
        else:
            word = phase if len(phase) < size else ""
            out += "├" + word.ljust(size - 1, "─")
        at = end
    return out


def next_zoom(spans: Iterable[Span], phase: Phase | None) -> Phase | None:
    """What is looked at next: each phase that the job has had, then the whole job again."""
    there = {span.phase for span in spans}
    order = [zoom for zoom in ZOOMS if zoom in there]
    if phase is None:
        return order[0] if order else None
    later = order[order.index(phase) + 1 :] if phase in order else []
    return later[0] if later else None
