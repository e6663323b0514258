"""`weighbridge replay --plain`: a recorded job once more, as lines at the pace at which it ran."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable

from weighbridge.domain.proof.live import LiveView, Meter
from weighbridge.domain.proof.playback import Playback
from weighbridge.domain.proof.summary import summarize
from weighbridge.domain.text import clean
from weighbridge.plain import output
from weighbridge.plain.exits import Exit
from weighbridge.plain.figures import rows, table
from weighbridge.plain.follow import Lines
from weighbridge.services.store import RunStore
from weighbridge.session.recorded import Recording, load_recording


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
    output.text(f"replay of the {args.job} in {recording.name}; nothing runs")
    play(recording, Playback(recording.events, args.speed), sleep)
    output.text(f"\nFigures\n{table(rows(summarize(recording.events)))}")
    return Exit.DONE


def play(recording: Recording, playback: Playback, sleep: Callable[[float], None]) -> None:
    """Every event at its time; a reader of the lines that goes away ends it."""
    source = _Replayed(recording.forecast_bytes)
    lines = Lines(source, output.text)
    while not playback.ended and not output.reader_gone():
        wait = playback.wait_s()
        if wait is None:
            due = playback.step()
        else:
            sleep(wait)
            due = playback.advance(wait)
        for event in due:
            source.meter.add(event)
            lines.show(event)
    answer = clean(source.live.answer).strip()
    output.text(f"\nAnswer\n{answer or '(nothing)'}")
