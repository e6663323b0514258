"""Step 6: the first run, live. It starts by a key, streams its answer, and shows memory and latency as they are."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.tui.screens.plan import NothingRuns
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.figures import elapsed
from weighbridge.tui.widgets.latency_panel import LatencyPanel
from weighbridge.tui.widgets.memory_panel import MemoryPanel

PHASES = {
    "idle": "not started",
    "start": "starting the engine",
    "load": "loading the model",
    "between": "ready",
    "prefill": "reading the prompt",
    "decode": "answering",
    "stopped": "stopped",
    "failed": "failed",
    "done": "done",
}
JOB_KEYS: list[BindingType] = [
    Binding("ctrl+r", "start", "Start", id="job.start", tooltip="Start the proof or the eval", priority=True),
    Binding("escape", "stop", "Stop", id="job.stop", tooltip="Stop what runs; its child process is gone within 0.3 s"),
    Binding("escape", "undo", "Undo", id="job.undo", show=False, tooltip="Take back what is being typed"),
]


class JobScreen(StepScreen):
    """What proof and eval share: start, stop, and which view they draw."""

    BINDINGS: ClassVar[list[BindingType]] = JOB_KEYS

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        running = self.wizard.jobs.running
        if action == "start":
            return None if running and not self.run.planned else not self.run.planned
        if action == "stop":
            return bool(running or self.model_jobs.loading)
        if action == "download":
            return self.wizard.can_download
        return super().check_action(action, parameters)


def before_start(run: Run) -> LiveView:
    """What is known before anything runs: the prompt, the forecast, and the memory that was available for it."""
    forecast = run.forecast
    if forecast is None:
        return LiveView(prompt=run.prompt)
    return LiveView(prompt=run.prompt, forecast_bytes=forecast.total_bytes, limit_bytes=forecast.available_bytes)


def answer_of(view: LiveView) -> str:
    """Prompt and answer as one text, safe for the terminal."""
    asked = f"Q  {clean(view.prompt, 4_000)}" if view.prompt else ""
    return f"{asked}\n\nA  {clean(view.answer)}" if view.job else asked


def running_words(view: LiveView) -> str:
    """What can be done while a job runs, and why there is a second child, if there is one."""
    words = "escape stops. Leaving does not."
    return f"{words} Attempt {clean_line(view.attempts[-1])}." if len(view.attempts) > 1 else words


class ProofScreen(JobScreen):
    STEP = "proof"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "download", "Download", id="proof.download", tooltip="Fetch the file first", priority=True),
    ]

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
        with VerticalScroll(id="answer", can_focus=True):
            yield Static(id="answer-text", markup=False)
        with Horizontal(id="panels"):
            yield MemoryPanel(id="memory")
            yield LatencyPanel(id="latency")

    def action_download(self) -> None:
        self.wizard.download()

    def on_mount(self) -> None:
        if not self.run.planned:
            self.query_one("#answer").border_title = "answer"
        super().on_mount()

    def hint(self, run: Run) -> str:
        if run.planned:
            return "Nothing runs here on this route. ctrl+n goes on."
        if self.wizard.jobs.running:
            return running_words(self.wizard.session.live)
        if flow.status(run, "proof") == "stale":
            return "Stale: model or settings have changed. ctrl+r runs it again."
        if run.model is not None and run.model.to_download:
            return "The model is not here yet: ctrl+d downloads it first."
        if run.proof is None:
            return "ctrl+r starts the proof: one prompt, measured."
        return f"Shutdown: {clean_line(run.proof.shutdown)}."

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#answer")

    def draw(self, run: Run) -> None:
        if run.planned:
            self.query_one(NothingRuns).show(run, self.wizard.session.deps.tables)
        else:
            view = self.wizard.view("proof")
            self._show(view if view.job else before_start(run))

    def tick(self) -> None:
        super().tick()
        if self.wizard.jobs.running == "proof":
            self._show(self.wizard.session.live)

    def _show(self, view: LiveView) -> None:
        self.query_one(MemoryPanel).show(view)
        self.query_one(LatencyPanel).show(view)
        box = self.query_one("#answer")
        box.border_subtitle = _progress(view)
        self._write(answer_of(view))
        memory = self.query_one(MemoryPanel)
        memory.border_subtitle = f"{view.mode} mode" if view.mode else ""
        self.query_one(LatencyPanel).border_subtitle = PHASES.get(view.phase, view.phase)

    def _write(self, answer: str) -> None:
        """Draws the answer. The screen is laid out anew only where the answer grows by a line."""
        box, text = self.query_one("#answer"), self.query_one("#answer-text", Static)
        at_end = box.max_scroll_y - box.scroll_y <= 2
        if answer != text.content:
            text.update(answer, layout=False)
            if text.get_content_height(box.size, self.size, text.size.width) != text.size.height:
                text.refresh(layout=True)
        if at_end:
            box.scroll_end(animate=False)


def _progress(view: LiveView) -> str:
    """`61 of 128 tokens · 4.2 s`."""
    if view.phase == "idle":
        return ""
    limit = f" of {view.max_tokens}" if view.max_tokens else ""
    return f"{view.tokens}{limit} tokens · {elapsed(view.elapsed_s)}"
