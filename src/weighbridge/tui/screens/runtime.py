"""Step 5: settings, the forecast that follows from them, and the command of the same run without the wizard."""

from __future__ import annotations

import shlex
from functools import partial
from typing import ClassVar, get_args

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import RadioSet, Static

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.settings import KvType, RuntimeSettings
from weighbridge.domain.run import Run
from weighbridge.session.jobs import prove_command
from weighbridge.tui.forecast_words import file_rows, forecast_rows, refusal_rows
from weighbridge.tui.screens.ask import AskLine
from weighbridge.tui.screens.plan import PlanPart
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.radio import Radio
from weighbridge.tui.widgets.sheet import Row, Sheet
from weighbridge.tui.widgets.status_line import Notice, sentence
from weighbridge.tui.widgets.transfer_bar import TransferBar

SETTINGS = {
    "n_ctx": ("Context", "tokens"),
    "n_threads": ("Threads", "auto: measured at the start"),
    "n_batch": ("Batch", "tokens in one decode call"),
    "kv_type": ("KV cache", "q8_0: about half"),
    "max_tokens": ("Answer limit", "tokens of one answer at most"),
    "temperature": ("Temperature", "0 takes the likeliest token"),
    "seed": ("Seed", "of the sampler"),
}


def setting(name: str, run: Run) -> str:
    value = getattr(run.settings, name)
    if value is None:
        return "auto"
    return f"{value:g}" if isinstance(value, float) else str(value)


class RuntimeScreen(StepScreen):
    """Every setting shows what it means; the forecast follows at once."""

    STEP = "runtime"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+o", "accept", "Accept risk", id="runtime.accept", tooltip="Overrule the memory refusal, on record"
        ),
        Binding("ctrl+d", "download", "Download", id="runtime.download", tooltip="Fetch the file", priority=True),
        Binding("escape", "stop", "Stop", id="runtime.stop", tooltip="Stop the download; what is here stays"),
        Binding("escape", "undo", "Undo", id="runtime.undo", show=False, tooltip="Take back what is being typed"),
    ]
    _go_on = False

    def body(self) -> ComposeResult:
        if self.run.planned:
            yield PlanPart(self.run, self.wizard.session.deps.tables)
            return
        for name, (title, note) in SETTINGS.items():
            with Horizontal(classes="setting"):
                yield Static(title, classes="setting-title", markup=False)
                yield self._entry(name)
                yield Static(note, classes="setting-note", markup=False)
        yield TransferBar("asking the Hub", id="loading")
        yield Sheet(id="forecast")

    def _entry(self, name: str) -> Widget:
        if name == "kv_type":
            given = self.run.settings.kv_type
            kinds = (Radio(kind, value=kind == given) for kind in get_args(KvType))
            return RadioSet(*kinds, id="set-kv_type", classes="across", compact=True)
        return Field(
            partial(setting, name),
            lambda text: want.ChangeSetting(field=name, value=text),
            id=f"set-{name}",
            max_length=20,
        )

    def hint(self, run: Run) -> str:
        if run.planned:
            return "Type what you know; what stays empty is owed."
        if self.model_jobs.loading:
            return "escape stops the download. Leaving does not."
        if run.model is not None and run.model.to_download:
            return "ctrl+d downloads the model. Enter saves a setting."
        return "Enter saves a setting; the forecast follows."

    def draw(self, run: Run) -> None:
        if run.planned:
            self.query_one(PlanPart).show(run, self.wizard.session.deps.tables)
            return
        jobs = self.model_jobs
        jobs.weigh_if_due(run)
        have = 0 if jobs.loading else self.wizard.session.part_bytes()
        rows = list(file_rows(run.model, run.forecast, jobs.loading is not None, have)) if run.model else []
        if run.forecast:
            rows += [*forecast_rows(run.forecast, jobs.weighing), *refusal_rows(run)]
        runs = [Row("Engine", run.machine.engine)]
        if run.model:
            runs.append(Row("Command", shlex.join(prove_command(run)), "muted"))
        self.query_one("#forecast", Sheet).show([*rows, Row(""), *runs])

    def tick(self) -> None:
        super().tick()
        if not self.run.planned:
            self.query_one(TransferBar).show(self.model_jobs.loading)

    @on(RadioSet.Changed, "#set-kv_type")
    def _kv_type(self, event: RadioSet.Changed) -> None:
        kind = get_args(KvType)[event.index]
        if kind != self.run.settings.kv_type:
            self.apply(want.ChangeSetting(field="kv_type", value=kind))

    def action_download(self) -> None:
        self.wizard.download(self._arrived)

    def _arrived(self) -> None:
        """The file is here: what Next waited for goes on."""
        if self._go_on and self.is_current:
            self.action_next()

    def action_stop(self) -> None:
        if self.take_back():
            return
        self._go_on = False
        self.model_jobs.stop_loading()

    def proceed(self) -> None:
        self._go_on = self.model_jobs.loading is not None and self.flush()
        if self._go_on:
            self.wizard.tell(Notice("The model is being fetched: Next follows by itself.", "escape stops it."))
            self.model_jobs.on_arrival = self._arrived
        else:
            super().proceed()

    @on(PlanPart.Chosen)
    def _runtime_chosen(self, event: PlanPart.Chosen) -> None:
        self.apply(want.ChangePlan(field="runtime", value=event.name))

    def worded(self, problem: Problem) -> Problem:
        """A setting is called what it is called on this screen."""
        name = str(problem).partition(" ")[0]
        if name not in SETTINGS:
            return problem
        rest = str(problem).removeprefix(name).removeprefix(f" ({RuntimeSettings.model_fields[name].description})")
        return type(problem)(f"{SETTINGS[name][0]}{rest}", problem.hint)

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#set-n_ctx")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "accept":
            return flow.missing_memory(self.run) is not None
        if action == "download":
            return self.wizard.can_download
        if action == "stop":
            return self.model_jobs.loading is not None
        return super().check_action(action, parameters)

    @work
    async def action_accept(self) -> None:
        question = f"{flow.memory_refusal(self.run)} Why do you accept the risk?"
        reason = await self.app.push_screen_wait(AskLine(question, "your reason, kept in the packet"))
        if reason and self.apply(want.AcceptMemoryRisk(reason=reason)):
            self.wizard.tell(Notice(f"Accepted, on record: {sentence(reason)}", "ctrl+n goes on."))
