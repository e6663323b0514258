"""The runs on this machine: resume one, delete one, begin a new one."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from weighbridge.domain import flow
from weighbridge.domain.problems import Problem
from weighbridge.domain.steps import BY_ID
from weighbridge.domain.text import clean_line
from weighbridge.services.store import RunEntry, RunStore
from weighbridge.tui.screens.ask import Ask
from weighbridge.tui.widgets.status_line import Notice, StatusLine


class Wish(NamedTuple):
    """What the person wants: a run to resume, or None for a new one."""

    run_id: str | None


def age(then: str, now: str) -> str:
    """How long ago, in one unit. Both times are ISO 8601 in UTC."""
    spent = (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if spent >= size:
            return f"{int(spent // size)} {unit}"
    return f"{max(0, int(spent))} s"


def state(entry: RunEntry) -> str:
    """Where a run stands, in a few words."""
    run = entry.run
    if run is None:
        return "cannot be read"
    if flow.status(run, "packet") == "done":
        return "packet saved"
    step = BY_ID[flow.first_open(run)]
    return f"step {step.number} {step.title}"


def line(entry: RunEntry, open_id: str, now: str) -> Content:
    """One run: name, state, age, and what it weighs."""
    run = entry.run
    model = clean_line(run.model.name, 30) if run and run.model else "no model yet"
    when = age(run.updated_at, now) if run else ""
    sign = "▶" if entry.id == open_id else " "
    text = clean_line(entry.problem, 200) if run is None else f"{model} · {clean_line(run.constraints.task, 40)}"
    return Content.assemble(
        (f"{sign} {entry.id}  {state(entry):<18}{when:>7}", "bold" if entry.id == open_id else ""),
        "\n  ",
        (text, "$foreground-muted"),
    )


class RunsScreen(ModalScreen[Wish | None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+l", "cancel", "Close", id="runs.close", tooltip="Stay with the open run"),
        Binding("n", "new", "New run", id="runs.new", tooltip="Begin a new run with every default"),
        Binding("d,delete", "delete", "Delete", id="runs.delete", tooltip="Delete the highlighted run"),
    ]

    def __init__(self, store: RunStore, open_id: str, now: str) -> None:
        super().__init__()
        self._store, self._open_id, self._now = store, open_id, now

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog"):
            yield Static("Runs on this machine", classes="dialog-title")
            yield OptionList(id="runs", markup=False)
            yield StatusLine()
            yield Static("Enter resumes · n: new · d: delete · escape: stay", classes="dialog-keys")

    def on_mount(self) -> None:
        self._fill()

    def _fill(self) -> None:
        runs = self.query_one("#runs", OptionList)
        runs.set_options([Option(line(entry, self._open_id, self._now), id=entry.id) for entry in self._store.list()])
        if runs.option_count:
            runs.highlighted = 0

    @on(OptionList.OptionSelected)
    def _resume(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(Wish(event.option_id) if event.option_id != self._open_id else None)

    def action_new(self) -> None:
        self.dismiss(Wish(None))

    def action_cancel(self) -> None:
        self.dismiss(None)

    @work
    async def action_delete(self) -> None:
        runs = self.query_one("#runs", OptionList)
        if runs.highlighted is None:
            return
        run_id = runs.get_option_at_index(runs.highlighted).id or ""
        if run_id == self._open_id:
            self._say(Notice("This run is open.", "Open another one first.", "problem"))
            return
        question = f"Delete the run {run_id} with all its evidence? A saved packet stays."
        if await self.app.push_screen_wait(Ask(question, "Delete it", "Keep it")):
            try:
                self._store.delete(run_id)
            except Problem as problem:
                self._say(Notice.of(problem))
                return
            self._fill()

    def _say(self, notice: Notice) -> None:
        self.query_one(StatusLine).show(notice)
