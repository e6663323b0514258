"""`weighbridge replay --plain`: a recorded job once more, as lines at the pace at which it ran."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable

from weighbridge.domain.proof.live import LiveView, Meter
from weighbridge.domain.proof.measure import INTERRUPTED, JobFigures
from weighbridge.domain.proof.playback import Playback
from weighbridge.domain.proof.summary import summarize
from weighbridge.domain.text import clean
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.plain.follow import Lines
from weighbridge.plain.texts.figures import NOT_MEASURED, rows, table
from weighbridge.plain.texts.server import server_part
from weighbridge.services.runs.store import RunStore
from weighbridge.session.jobs.recorded import Recording, load_recording


class _Replayed:
    """What the lines are told from, in place of a session."""

    def __init__(self, forecast_bytes: int | None) -> None:
        self.meter = Meter(forecast_bytes=forecast_bytes)

    @property
    def live(self) -> LiveView:
        return self.meter.view()


def main(args: Namespace, sleep: Callable[[float], None] = time.sleep) -> int:
    """Plays the job and prints its figures. `--speed step` waits for nothing: every line comes at once."""
    recording = load_recording(args.packet, args.job, RunStore())
    if recording.cut:
        diagnostics.say(
            "The last line of the record is cut, and left out.", "`weighbridge verify` says whether a packet holds."
        )
    state = "nothing runs" if recording.ended else "still running or cut off: this is the record so far"
    trust = "; not verified" if recording.of_packet else ""
    output.text(f"replay of the {args.job} in {recording.name}; {state}{trust}")
    play(recording, Playback(recording.events, args.speed), sleep)
    figures = summarize(recording.events)
    output.text(f"\nFigures\n{table(rows(figures) if recording.ended else _so_far(figures))}")
    for part in server_part(figures):
        output.text(f"\n{part}")
    return Exit.DONE


def play(recording: Recording, playback: Playback, sleep: Callable[[float], None]) -> None:
    """Every event at its time; a reader of the lines that goes away ends it."""
    source = _Replayed(recording.forecast_bytes)
    lines = Lines(source, output.text)
    while not playback.ended and not output.reader_gone():
        wait, left_out = playback.wait_s(), playback.left_out_s
        if wait is None:
            due = playback.step()
        else:
            sleep(wait)
            due = playback.advance(wait)
            if due and left_out >= 1:
                output.text(f"... {_long(left_out)} without an event left out")
        for event in due:
            source.meter.add(event)
            lines.show(event)
    answer = clean(source.live.answer).strip()
    output.text(f"\nAnswer\n{answer or ('(nothing)' if recording.ended else '(nothing so far)')}")


def _long(seconds: float) -> str:
    """A time in the largest unit of which it has two, or in seconds."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _so_far(figures: JobFigures) -> list[tuple[str, str]]:
    """The figures of a job without an end: what it does not have yet is left out."""
    *earlier, newest = figures.attempts
    if newest.outcome == INTERRUPTED:
        newest = newest.model_copy(update={"outcome": "no end on record"})
    known = figures.model_copy(update={"attempts": (*earlier, newest), "load1_after": None})
    pairs = [(name, value.removesuffix(f", {NOT_MEASURED} after")) for name, value in rows(known)]
    return [(name, value) for name, value in pairs if not value.startswith(NOT_MEASURED)]
