"""Step 6: the first run, live. It starts by a key, streams its answer, and shows memory and latency as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.live_server import LiveServer
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.tui.screens.parts.live import LivePart
from weighbridge.tui.screens.parts.plan import NothingRuns
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.shapes import can_start
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.status_line import Notice
from weighbridge.tui.words.proof import contended_words, doubts, wait_words
from weighbridge.tui.work.history import earlier_view

JOB_KEYS: list[BindingType] = [
    Binding("ctrl+r", "start", "Start", id="job.start", tooltip="Start the proof or the eval", priority=True),
    Binding("escape", "stop", "Stop", id="job.stop", tooltip="Stop what runs, within 0.3 s"),
    Binding("escape", "undo", "Undo", id="job.undo", show=False, tooltip="Take back what is being typed"),
]

PANEL_KEYS: list[BindingType] = [
    Binding("f2", "hold", "Pause", id="panel.hold", tooltip="Hold the picture; the counters go on", priority=True),
    Binding("f3", "zoom", "Zoom", id="panel.zoom", tooltip="One phase alone, then the whole again", priority=True),
    Binding(
        "f4",
        "compare",
        "Compare",
        id="panel.compare",
        tooltip="Figures of the last proof, in brackets",
        priority=True,
    ),
]


NOT_YET = "the server was not asked yet"
"""Why nothing is known of a server's memory before the start."""


class JobScreen(StepScreen):
    """What proof and eval share: start, stop, and which view they draw."""

    BINDINGS: ClassVar[list[BindingType]] = JOB_KEYS

    def looks(self, run: Run) -> object:
        return run.planned

    def action_start(self) -> None:
        if self.flush():
            self.wizard.start_job("proof" if self.STEP == "proof" else "eval")

    async def action_stop(self) -> None:
        if self.take_back():
            return
        if self.wizard.jobs.running:
            await self.wizard.jobs.stop()
        else:
            self.model_jobs.stop_loading()

    def tick(self) -> None:
        super().tick()
        if self.wizard.jobs.running:
            # For what a server is waited for, and how long still, changes without a change of the run.
            self.show_notice(self.wizard.notice)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        running = self.wizard.jobs.running
        if action == "start":
            return not running and can_start(self.run)
        if action == "stop":
            return bool(running or self.model_jobs.loading)
        if action == "download":
            return self.wizard.can_download
        return super().check_action(action, parameters)


def before_start(run: Run) -> LiveView:
    """What is known before anything runs: the prompt, the forecast, and the memory that was available for it."""
    target = run.target
    if target is not None:
        server = LiveServer(target.base_url, target.origin, target.model, engine=target.engine, memory_missing=NOT_YET)
        return LiveView(prompt=run.prompt, server=server)
    forecast = run.forecast
    if forecast is None:
        return LiveView(prompt=run.prompt)
    return LiveView(prompt=run.prompt, forecast_bytes=forecast.total_bytes, limit_bytes=forecast.available_bytes)


def starting(run: Run) -> LiveView:
    """What is shown from the key on until the first event comes."""
    return replace(before_start(run), phase="start")


def running_words(view: LiveView) -> str:
    """What can be done while a job runs, and why there is a second child, if there is one."""
    if waits := wait_words(view):
        return waits
    words = "escape stops. Leaving does not."
    if len(view.attempts) < 2:
        return words
    return f"{words} This is attempt {len(view.attempts)}: {clean_line(view.attempts[-1])}."


class ProofScreen(JobScreen):
    STEP = "proof"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "download", "Download", id="proof.download", tooltip="Fetch the file first", priority=True),
        *PANEL_KEYS,
    ]

    _compares = False
    _compared = ""
    """Beside which proof the earlier one stands: it is read anew for another."""

    def body(self) -> ComposeResult:
        if self.run.planned:
            yield NothingRuns()
            return
        with Horizontal(classes="setting plan-setting"):
            yield Static("Prompt", classes="setting-title", markup=False)
            yield Field(
                lambda run: run.prompt,
                lambda text: want.ChangePrompt(value=text),
                id="prompt",
                placeholder="what the model is asked first",
                max_length=20_000,
                tooltip="The prompt of the proof",
            )
        yield LivePart()

    def action_download(self) -> None:
        self.wizard.download()

    @property
    def live_part(self) -> LivePart:
        return self.query_one(LivePart)

    def action_start(self) -> None:
        super().action_start()
        if self.wizard.jobs.running:
            # The cursor rests: nothing is typed while the answer comes, and the arrows scroll it.
            self.query_one("#answer").focus()

    def action_hold(self) -> None:
        self.live_part.hold()

    def action_zoom(self) -> None:
        self.live_part.zoom_on()

    def action_compare(self) -> None:
        """The last proof of this run that was completed before the present one, beside it, or away again."""
        self._compares = not self._compares
        self._compare(self._shown())
        if self._compares and not self.live_part.compared:
            self._compares = False
            noise = self.run.proof.figures.noise if self.run.proof else None
            offer = (
                f"{said} ctrl+r repeats it."
                if (said := contended_words(noise))
                else "The next proof is compared with this one."
            )
            self.wizard.tell(Notice("There is no earlier proof of this run that was completed.", offer))

    def _compare(self, view: LiveView) -> None:
        """Finds what the shown proof is compared with."""
        self._compared = view.job_id
        events = self.wizard.session.events() if self._compares else ()
        self.live_part.compare(earlier_view(events, view.job_id))

    def _shown(self) -> LiveView:
        """The proof that runs, else the one on record; before either, what is known of it."""
        if self.wizard.jobs.running == "proof":
            live = self.wizard.live
            return live if live.job else starting(self.run)
        view = self.wizard.view("proof")
        return view if view.job else before_start(self.run)

    def hint(self, run: Run) -> str:
        if run.planned:
            return "Nothing runs yet: step 5 starts it, or the plan is enough. ctrl+n goes on."
        if self.wizard.jobs.running:
            return running_words(self.wizard.session.live)
        if flow.status(run, "proof") == "stale":
            return "Stale: model or settings have changed. ctrl+r runs it again."
        if self.wizard.can_download:
            return "The model is not here yet: ctrl+d downloads it first."
        if run.proof is None:
            return "ctrl+r starts the proof: one prompt, measured."
        return " ".join((*doubts(run.proof.figures), f"Shutdown: {clean_line(run.proof.shutdown)}."))

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#answer")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "hold":
            return self.wizard.jobs.running == "proof"
        if action in ("zoom", "compare"):
            return bool(self.run.proof or self.wizard.jobs.running == "proof") and not self.run.planned
        return super().check_action(action, parameters)

    def draw(self, run: Run) -> None:
        if run.planned:
            self.query_one(NothingRuns).show(run, self.wizard.session.deps.tables)
        else:
            self._show()

    def tick(self) -> None:
        super().tick()
        if self.wizard.jobs.running == "proof":
            self._show()

    def _show(self) -> None:
        view = self._shown()
        if self._compares and view.job_id != self._compared:
            self._compare(view)
        self.live_part.show(view)
