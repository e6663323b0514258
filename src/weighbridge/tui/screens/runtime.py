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
from weighbridge.domain.proof.disk import proof_need
from weighbridge.domain.proof.settings import FlashAttention, KvType, RuntimeSettings
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
    "max_tokens": ("Answer limit", "tokens; eval cases have their own"),
    "temperature": ("Temperature", "0 takes the likeliest token"),
    "seed": ("Seed", "of the sampler"),
}
MORE = {
    "n_threads_batch": ("Prefill threads", "auto: as above, or measured"),
    "n_ubatch": ("Micro-batch", "tokens computed at once"),
    "flash_attn": ("Flash attention", "auto: for q8_0"),
    "repeats": ("Repeats", "times each prompt is asked"),
    "prefix_reuse": ("Prefix reuse", "no cold TTFT"),
}
"""Settings that are folded away: `f2` shows them in place of the others."""
TITLES = {name: title for name, (title, _) in (SETTINGS | MORE).items()}
CHOICES: dict[str, tuple[tuple[str, str | bool], ...]] = {
    "kv_type": tuple((kind, kind) for kind in get_args(KvType)),
    "flash_attn": tuple((kind, kind) for kind in get_args(FlashAttention)),
    "prefix_reuse": (("off", False), ("on", True)),
}
"""Settings with few values: the word on the screen, and the value."""


def setting(name: str, run: Run) -> str:
    value = getattr(run.settings, name)
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


class RuntimeScreen(StepScreen):
    """Every setting shows what it means; the forecast follows at once."""

    STEP = "runtime"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+o", "accept", "Accept risk", id="runtime.accept", tooltip="Overrule the memory refusal, on record"
        ),
        Binding("f2", "more", "More", id="runtime.more", tooltip="The other settings", priority=True),
        Binding("ctrl+d", "download", "Download", id="runtime.download", tooltip="Fetch the file", priority=True),
        Binding("escape", "stop", "Stop", id="runtime.stop", tooltip="Stop the download; what is here stays"),
        Binding("escape", "undo", "Undo", id="runtime.undo", show=False, tooltip="Take back what is being typed"),
    ]
    _go_on = False

    def body(self) -> ComposeResult:
        if self.run.planned:
            yield PlanPart(self.run, self.wizard.session.deps.tables)
            return
        for group, settings in (("basic", SETTINGS), ("more", MORE)):
            for name, (title, note) in settings.items():
                with Horizontal(classes=f"setting {group}"):
                    yield Static(title, classes="setting-title", markup=False)
                    yield self._entry(name)
                    yield Static(note, classes="setting-note", markup=False)
        yield Static(id="folded", markup=False)
        yield TransferBar("asking the Hub", id="loading")
        yield Sheet(id="forecast")

    def _entry(self, name: str) -> Widget:
        if name in CHOICES:
            given = getattr(self.run.settings, name)
            kinds = (Radio(word, value=value == given) for word, value in CHOICES[name])
            return RadioSet(*kinds, id=f"set-{name}", classes="across", compact=True)
        return Field(
            partial(setting, name),
            lambda text: want.ChangeSetting(field=name, value=text),
            id=f"set-{name}",
            max_length=20,
        )

    def action_more(self) -> None:
        """The other settings in place of these; what was typed is saved first."""
        if self.flush():
            self.toggle_class("-more")
            self.query_one("#folded", Static).update(self._folded())
            self.query_one("#set-n_threads_batch" if self.has_class("-more") else "#set-n_ctx").focus()

    def _folded(self) -> str:
        """What the settings that are not shown are set to, where that is not the default."""
        hidden = SETTINGS if self.has_class("-more") else MORE
        default = RuntimeSettings()
        own = [
            f"{TITLES[name].lower()} {setting(name, self.run)}"
            for name in hidden
            if getattr(self.run.settings, name) != getattr(default, name)
        ]
        return f"f2: {len(hidden)} other settings{' (' + ', '.join(own) + ')' if own else ', all as preset'}"

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
            runs.append(Row("Proof", proof_need(run.settings, run.prompt).sentence))
        if run.model:
            runs.append(Row("Command", shlex.join(prove_command(run)), "muted"))
        self.query_one("#forecast", Sheet).show([*rows, Row(""), *runs])
        self.query_one("#folded", Static).update(self._folded())

    def tick(self) -> None:
        super().tick()
        if not self.run.planned:
            self.query_one(TransferBar).show(self.model_jobs.loading)

    @on(RadioSet.Changed)
    def _chosen(self, event: RadioSet.Changed) -> None:
        name = (event.radio_set.id or "").removeprefix("set-")
        if name in CHOICES and CHOICES[name][event.index][1] != getattr(self.run.settings, name):
            self.apply(want.ChangeSetting(field=name, value=CHOICES[name][event.index][0]))

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
        if name not in TITLES:
            return problem
        rest = str(problem).removeprefix(name).removeprefix(f" ({RuntimeSettings.model_fields[name].description})")
        return type(problem)(f"{TITLES[name]}{rest}", problem.hint)

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#set-n_ctx")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "more":
            return not self.run.planned
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
