"""The processes of the proof, one after the other: what each held, its phases, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from weighbridge.domain.proof.events import Attempt, Conditions, Ended, Event, Failed, Sample
from weighbridge.domain.proof.timeline import Timeline
from weighbridge.services.packet_io.records.files import RuntimeFile
from weighbridge.services.packet_io.report_page.scale import HEIGHT, Axis, finite
from weighbridge.services.packet_io.report_page.units import MIB, line, mib, number
from weighbridge.services.packet_io.report_page.view import Cell, Key, Mark, Span, Table

LETTER = 2.3
"""Percent of the width that one letter takes on a narrow screen."""
_LINE = 14
"""Pixels between the words of two marks."""
_ENDED = {
    "crash": "crashed",
    "refused": "refused by the engine",
    "input": "its prompt was refused",
    "hang": "hung",
    "time_limit": "ran out of time",
    "protocol": "broke off without an end that can be read",
    "unknown": "no end is on record",
}
_SOUND = ("completed", "stopped")
Row = tuple[float, ...]
"""t in seconds; anonymous and file-backed memory and their sum, or RSS alone as (t, rss), in MiB."""
Phase = tuple[str, float, float | None]
"""Its name, its start and its end in seconds of the job; no end is on record where that is None."""


@dataclass
class Life:
    """One process. Times are seconds of the job; `end`: its crash or failure, else its last event."""

    number: int
    mode: str
    start: float
    outcome: str
    end: float
    failed: bool = False
    rows: list[Row] = field(default_factory=list)
    peak: float = 0.0
    timeline: Timeline = field(default_factory=Timeline)

    @property
    def name(self) -> str:
        return f"attempt {self.number}, {self.mode} mode"

    @property
    def ended(self) -> str:
        """How it ended, in words: `crashed by SIGSEGV`."""
        kind, _, signal = self.outcome.partition(" ")
        return f"{_ENDED.get(kind, line(kind))}{f' by {line(signal)}' if signal else ''}"

    @property
    def broken(self) -> bool:
        return self.outcome not in _SOUND

    @property
    def phases(self) -> list[Phase]:
        return [(s.phase, s.start, s.end) for s in self.timeline.spans if finite(s.start) is not None]

    def add(self, event: Event) -> None:
        self.timeline.add(event)
        t = finite(event.t)
        if isinstance(event, Failed) and not event.survived and t is not None:
            self.end, self.failed = max(self.start, t), True
        elif t is not None and not self.failed and not isinstance(event, Conditions | Ended):
            self.end = max(self.end, t)
        if isinstance(event, Sample):
            self._sample(event, t)

    def _sample(self, event: Sample, t: float | None) -> None:
        rss, anon, file = finite(event.rss_bytes), finite(event.rss_anon_bytes), finite(event.rss_file_bytes)
        if t is None or rss is None:
            return
        self.peak = max(self.peak, finite(event.peak_rss_bytes) or rss)
        parts = (anon / MIB, file / MIB, (anon + file) / MIB) if anon is not None and file is not None else ()
        self.rows.append((t, *parts) if parts else (t, rss / MIB))


def lives(job: Iterable[Event], runtime: RuntimeFile) -> list[Life]:
    """The processes of the proof in their order; how each ended is what runtime.json says of it."""
    job_id = runtime.proof.job_id if runtime.proof else ""
    outcomes = {a.number: a.outcome for a in runtime.attempts if a.job_id == job_id}
    found: list[Life] = []
    for event in job:
        if isinstance(event, Attempt):
            start = finite(event.t) or 0.0
            found.append(Life(event.number, event.mode, start, outcomes.get(event.number, "unknown"), start))
        if found:
            found[-1].add(event)
    return found


def attempt_spans(found: Sequence[Life], x: Axis) -> Iterable[Span]:
    """A strip of the attempts below the phases, each from its start to its end; nothing where there is one."""
    for life in found if len(found) > 1 else ():
        left, right = x.percent(life.start), x.percent(life.end)
        width = round(right - left, 2)
        sign = " ✗" if life.broken else ""
        labels = (f"{life.name}: {life.ended}", f"attempt {life.number}{sign}", f"{life.number}{sign}")
        label = next((one for one in labels if width >= LETTER * (len(one) + 1)), "")
        yield Span(left, width, label, f"{life.name}: {life.ended}, {life.start:,.2f} s to {life.end:,.2f} s")


def crash_marks(found: Sequence[Life], x: Axis) -> Iterable[Mark]:
    """Where an attempt broke; its words stand on the side that has the room."""
    for at, life in enumerate(one for one in found if one.broken):
        place = x.percent(life.end)
        words = f"✗ attempt {life.number}: {life.ended}"
        yield Mark(place, min(HEIGHT, 10.0 + _LINE * at), words, "before" if place > 45 else "")


def attempt_keys(found: Sequence[Life]) -> Iterable[Key]:
    """A line of the legend for each attempt that broke."""
    for life in found:
        if life.broken:
            yield Key("broken", f"{life.name}: {life.ended} at {life.end:,.1f} s")


def attempt_table(found: Sequence[Life]) -> Table:
    """Each attempt with its own peak, and whether the figures of the page are of it."""
    last = found[-1]
    return Table(
        f"Attempts of the proof: figures, peak and comparison with the forecast are those of attempt {last.number}",
        (Cell("attempt"), Cell("how it ended"), Cell("peak RSS seen", "number"), Cell("counts in the figures")),
        tuple(
            (
                Cell(life.name),
                Cell(f"✗ {life.ended}", "bad") if life.broken else Cell(life.ended),
                number(mib(int(life.peak) or None)),
                Cell("yes" if life is last else "no"),
            )
            for life in found
        ),
        stacked=True,
    )
