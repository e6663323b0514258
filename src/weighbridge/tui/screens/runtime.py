"""Step 5: settings, the forecast that follows from them, and the command of the same run without the wizard."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.problems import Problem
from weighbridge.domain.run import Run
from weighbridge.session.jobs import prove_command
from weighbridge.tui.screens.ask import AskLine
from weighbridge.tui.screens.plan import PlanPart
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.figures import mib, number
from weighbridge.tui.widgets.sheet import Row, Sheet, Tone
from weighbridge.tui.widgets.status_line import Notice, sentence

SETTINGS = {
    "n_ctx": ("Context", "tokens"),
    "n_threads": ("Threads", "prefill and decode alike"),
    "n_batch": ("Batch", "tokens in one decode call"),
    "max_tokens": ("Answer limit", "tokens of one answer at most"),
    "temperature": ("Temperature", "0 takes the likeliest token"),
    "seed": ("Seed", "of the sampler"),
}
VERDICTS: dict[str, tuple[str, Tone]] = {
    "fits": ("✓ fits, with at least 15 % to spare", "good"),
    "tight": ("! tight: more than 85 % of it may be needed", "warn"),
    "does_not_fit": ("✗ does not fit", "bad"),
    "unknown": ("– unknown: this system does not say how much memory is available", "warn"),
}


def setting(name: str, run: Run) -> str:
    value = getattr(run.settings, name)
    return f"{value:g}" if isinstance(value, float) else str(value)


def forecast_rows(forecast: Forecast) -> Iterator[Row]:
    """The forecast, part by part."""
    parts = (
        ("weights", forecast.weights_bytes),
        ("KV cache", forecast.kv_bytes),
        ("compute", forecast.compute_bytes),
        ("output", forecast.output_bytes),
        ("process", forecast.process_bytes),
    )
    yield Row("Forecast", " + ".join(f"{name} {size / 2**20:,.0f}" for name, size in parts) + " MiB")
    most = f"; up to {mib(forecast.total_max_bytes)} if the engine copies weights" if forecast.repack_bytes else ""
    yield Row("  need", f"{mib(forecast.total_bytes)} at {forecast.n_ctx:,} tokens of context{most}", "head")
    yield Row("  available", mib(forecast.available_bytes))
    words, tone = VERDICTS[forecast.verdict]
    yield Row("  verdict", words, tone)
    yield Row("  largest ctx", f"{number(forecast.max_ctx)} tokens would still fit")
    if forecast.caveat:
        yield Row("  caveat", forecast.caveat, "warn")


def refusal_rows(run: Run) -> Iterator[Row]:
    """The memory refusal with the way out, or the override on record."""
    if run.forecast is None or run.forecast.verdict != "does_not_fit":
        return
    override = run.memory_override
    if override:
        yield Row("  accepted", f"{override.reason} ({override.at})", "warn")
    else:
        yield Row("! refused", flow.memory_refusal(run), "bad")
        yield Row("  way out", "Lower the context, choose a smaller model, or press ctrl+o to accept the risk.")


class RuntimeScreen(StepScreen):
    """Every setting shows what it means; the forecast follows at once."""

    STEP = "runtime"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+o", "accept", "Accept risk", id="runtime.accept", tooltip="Overrule the memory refusal, on record"
        ),
    ]

    def body(self) -> ComposeResult:
        if self.run.planned:
            yield PlanPart(self.run, self.wizard.session.deps.tables)
            return
        for name, (title, note) in SETTINGS.items():
            with Horizontal(classes="setting"):
                yield Static(title, classes="setting-title", markup=False)
                yield Field(
                    partial(setting, name),
                    lambda text, name=name: want.ChangeSetting(field=name, value=text),  # type: ignore[misc]
                    id=f"set-{name}",
                    max_length=20,
                )
                yield Static(note, classes="setting-note", markup=False)
        yield Sheet(id="forecast")

    def hint(self, run: Run) -> str:
        if run.planned:
            return "Type what you know; what stays empty is owed."
        return "Enter saves a setting; the forecast follows."

    def draw(self, run: Run) -> None:
        if run.planned:
            self.query_one(PlanPart).show(run, self.wizard.session.deps.tables)
            return
        rows = [*forecast_rows(run.forecast), *refusal_rows(run)] if run.forecast else []
        runs = [Row("Engine", run.machine.engine)]
        if run.model:
            runs.append(Row("Command", shlex.join(prove_command(run)), "muted"))
        self.query_one("#forecast", Sheet).show([*rows, Row(""), *runs])

    @on(PlanPart.Chosen)
    def _runtime_chosen(self, event: PlanPart.Chosen) -> None:
        self.apply(want.ChangePlan(field="runtime", value=event.name))

    def worded(self, problem: Problem) -> Problem:
        """A setting is called what it is called on this screen."""
        name, _, rest = str(problem).partition(" ")
        return type(problem)(f"{SETTINGS[name][0]} {rest}", problem.hint) if name in SETTINGS else problem

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#set-n_ctx")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "accept":
            return flow.missing(self.run, "runtime") is not None
        return super().check_action(action, parameters)

    @work
    async def action_accept(self) -> None:
        question = f"{flow.memory_refusal(self.run)} Why do you accept the risk?"
        reason = await self.app.push_screen_wait(AskLine(question, "your reason, kept in the packet"))
        if reason and self.apply(want.AcceptMemoryRisk(reason=reason)):
            self.wizard.tell(Notice(f"Accepted, on record: {sentence(reason)}", "ctrl+n goes on."))
