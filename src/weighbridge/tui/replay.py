"""`weighbridge replay`: a recorded job once more, in the widgets in which it was seen, at its pace or step by step."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Static

from weighbridge.domain.proof.events import Event
from weighbridge.domain.proof.live import LiveView, Meter
from weighbridge.domain.proof.playback import Playback, Speed
from weighbridge.domain.text import clean_line
from weighbridge.services.runs.store import RunStore
from weighbridge.session.jobs.recorded import Recording, load_recording
from weighbridge.tui.budget import Budget
from weighbridge.tui.hangup import watch_terminal
from weighbridge.tui.screens.parts.live import LivePart
from weighbridge.tui.sizes import HIGH_FROM, NARROW_BELOW, SHORT_BELOW, WIDE_FROM
from weighbridge.tui.widgets.figures import elapsed

SPEEDS: dict[Speed, str] = {"1": "1x", "10": "10x", "step": "step by step"}


class ReplayApp(App[int]):
    """Plays one job; at its end it stands still until one leaves. `clock`: seconds, for the time that passes."""

    TITLE = "weighbridge replay"
    CSS_PATH = "app.tcss"
    CSS = """
    #replay-title { height: 1; background: $panel; text-style: bold; padding: 0 1; }
    #replay-title { text-wrap: nowrap; text-overflow: ellipsis; }
    #replay-note { height: 1; padding: 0 1; color: $foreground-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW_BELOW, "-normal"), (WIDE_FROM, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT_BELOW, "-tall"), (HIGH_FROM, "-high")]  # noqa: RUF012
    # Every key is in the footer: there is nothing that a palette would add.
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pause", "Pause", id="replay.pause", tooltip="Hold it, or let it go on", priority=True),
        Binding("1", "speed('1')", "1x", id="replay.real", tooltip="As fast as it ran"),
        Binding("0", "speed('10')", "10x", id="replay.fast", tooltip="Ten times as fast"),
        Binding(
            "s", "speed('step')", "Step", id="replay.step", key_display="s/→", tooltip="Stands still: → goes on by one"
        ),
        Binding("right", "step", "Next event", id="replay.next", show=False),
        Binding(
            "home", "home", "Go", id="replay.home", key_display="home/end", tooltip="To start or end", priority=True
        ),
        Binding("end", "finish", "End", id="replay.end", show=False, priority=True),
        Binding("f3", "zoom", "Zoom", id="replay.zoom", tooltip="One phase alone, then the whole again"),
        Binding("q,escape,ctrl+q", "quit", "Quit", id="replay.quit", tooltip="Leave", key_display="q", priority=True),
    ]

    def __init__(self, recording: Recording, speed: Speed, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.recording = recording
        self.playback = Playback(recording.events, speed)
        self.meter = Meter(forecast_bytes=recording.forecast_bytes)
        self._clock = clock
        self._then = clock()
        self._budget = Budget()

    def compose(self) -> ComposeResult:
        yield Static(id="replay-title", markup=False)
        yield LivePart()
        yield Static(id="replay-note", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.screen.query_one("#answer").focus()
        self._take(self.playback.step() if self.playback.speed == "step" else self.playback.advance(0.0))
        self.set_timer(self._budget.interval_s, self._tick)

    def _tick(self) -> None:
        self._budget.begin()
        self._catch_up()
        self.call_after_refresh(self._budget.end)
        self.set_timer(self._budget.interval_s, self._tick)

    def _catch_up(self) -> None:
        """Plays what is due by now."""
        now = self._clock()
        passed, self._then = now - self._then, now
        self.play_on(passed)

    def play_on(self, seconds: float) -> None:
        """So much time has passed."""
        self._take(self.playback.advance(seconds))

    def _take(self, events: Sequence[Event]) -> None:
        for event in events:
            self.meter.add(event)
        self._draw()

    def _draw(self) -> None:
        """Draws the replay's own screen: another one may lie over it. None is left once the program leaves."""
        if not self.screen_stack:
            return
        view, screen, unverified = self.meter.view(), self.screen_stack[0], self.recording.of_packet
        screen.query_one(LivePart).show(view)
        screen.query_one("#replay-title", Static).update(self.title_line(), layout=False)
        screen.query_one("#replay-note", Static).update(_note(view, unverified), layout=False)

    def title_line(self) -> str:
        """Which record, how fast, and where in it: the words come before the name, which may be long."""
        play = self.playback
        how = "at its end" if play.ended else "paused" if play.paused else SPEEDS[play.speed]
        where = f"{elapsed(play.clock_s)} of {elapsed(play.length_s)}"
        state = "replay, not verified" if self.recording.of_packet else "replay"
        return f"{state} · {how} · {where} · {clean_line(self.recording.name, 60)}"

    def action_pause(self) -> None:
        self._catch_up()
        self.playback.paused = not self.playback.paused
        self._draw()

    def action_speed(self, speed: Speed) -> None:
        self._catch_up()
        self.playback.speed, self.playback.paused = speed, False
        self._draw()

    def action_step(self) -> None:
        """Steps; what would have been due meanwhile waits."""
        self._take(self.playback.step())

    def action_finish(self) -> None:
        self._take(self.playback.finish())

    def action_home(self) -> None:
        self.playback.rewind()
        self.meter = Meter(forecast_bytes=self.recording.forecast_bytes)
        self._take(self.playback.step())

    def action_zoom(self) -> None:
        self.screen_stack[0].query_one(LivePart).zoom_on()


def _note(view: LiveView, unverified: bool) -> str:
    """What is worked on, and what was marked so far; `unverified`: nobody has looked whether the record holds."""
    parts = []
    if view.case:
        parts.append(f"case {clean_line(view.case, 40)}")
    if view.marks:
        passed = sum(mark[1] for mark in view.marks)
        parts.append(f"{len(view.marks)} marked: {passed} pass, {len(view.marks) - passed} FAIL")
    if view.phase == "failed":
        parts.append(clean_line(view.message))
    if view.mark == "contended" and view.mark_reasons:
        parts.append(f"contended: {clean_line(view.mark_reasons[0])}")
    if view.stopped:
        parts.append(clean_line(view.stopped))
    nothing = (
        "nothing runs; `weighbridge verify` says whether it holds" if unverified else "nothing runs: this is a record"
    )
    return " · ".join(parts) or nothing


def run_replay(args: Namespace) -> int:
    """Plays until the person leaves. The exit status; raises the Problem of a record that cannot be read."""
    recording = load_recording(args.packet, args.job, RunStore())
    watch_terminal()
    app = ReplayApp(recording, args.speed)
    app.run()
    return app.return_code or 0
