"""The parts of a planned route: what to type there, what to note, and what is still owed. Nothing runs here."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import RadioSet, Static

from weighbridge.domain.packet import completeness
from weighbridge.domain.planned import route_commands
from weighbridge.domain.route.table import Tables
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean
from weighbridge.services.tables import load_servers
from weighbridge.tui.screens.parts.private import plan_row
from weighbridge.tui.widgets.radio import Radio
from weighbridge.tui.widgets.sheet import Row, Sheet

FIELDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "free_colab": (
        ("notebook_link", "Notebook link", "address of the notebook"),
        ("runtime_type", "Runtime type", "as the first cell prints it: T4 GPU"),
        ("reset_note", "Reset note", "boot ids, and what was lost"),
        ("stop_command", "Stop command", "what gives it back"),
    ),
    "rented_gpu": (
        ("cost_per_hour", "Cost per hour", "amount, currency, source"),
        ("stop_command", "Stop command", "what ends the billing"),
        ("endpoint", "Endpoint", "address of the service"),
    ),
}


def commands_content(run: Run, tables: Tables) -> Content:
    """The commands of the route, filled for the model of the run, each under what it is for."""
    commands = route_commands(run, tables.route(run.decision.route), load_servers())
    parts = [Content.assemble((title, "$foreground-muted"), "\n", clean(text)) for title, text in commands]
    return Content("\n\n").join(parts)


def owed_rows(run: Run) -> Iterator[Row]:
    """What the packet still lacks."""
    for item in completeness(run):
        if not item.held:
            yield Row(f"– {item.title}", item.fact.reason, "muted")


class PlanPart(Vertical):
    """Step 5 on a planned route: runtime, commands, and lines to fill."""

    DEFAULT_CSS = "PlanPart { height: auto; }"

    class Chosen(Message):
        """A runtime of the plan was chosen."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, run: Run, tables: Tables) -> None:
        super().__init__()
        self._at_start, self._tables = run, tables
        self._names = [option.name for option in run.decision.runtimes if option.usable]

    def compose(self) -> ComposeResult:
        run = self._at_start
        if run.decision.route != "rented_gpu":
            yield from self._runtimes(run)
        for name, title, note in FIELDS[run.decision.route]:
            yield plan_row(name, title, note)
        yield Static("Commands to run there", classes="section", markup=False)
        yield Static(commands_content(run, self._tables), id="plan-commands", markup=False)

    def _runtimes(self, run: Run) -> ComposeResult:
        """The runtimes of the route; on a rented GPU it is the engine, which is asked for above."""
        with Horizontal(classes="setting"):
            yield Static("Runtime", classes="setting-title", markup=False)
            yield RadioSet(
                *(Radio(name, value=name == run.plan.runtime) for name in self._names),
                id="plan-runtime",
                classes="in-columns",
                compact=True,
            )
        # What is only suggested stands unchosen: nothing is on record before the person chooses it.
        yield Static(f"suggested: {run.decision.suggested_runtime}", classes="suggested", markup=False)

    @on(RadioSet.Changed)
    def _changed(self, event: RadioSet.Changed) -> None:
        self.post_message(self.Chosen(self._names[event.index]))

    def show(self, run: Run, tables: Tables) -> None:
        self.query_one("#plan-commands", Static).update(commands_content(run, tables))


class NothingRuns(Vertical):
    """Steps 6 and 7 on a planned route: said plainly, with the commands and what is owed."""

    DEFAULT_CSS = "NothingRuns { height: auto; }"

    def compose(self) -> ComposeResult:
        yield Static(id="planned-note", markup=False)
        yield Static("Commands to run there", classes="section", markup=False)
        yield Static(id="plan-commands", markup=False)
        yield Static("Evidence still owed", classes="section", markup=False)
        yield Sheet(id="planned-owed", label_width=17)

    def show(self, run: Run, tables: Tables) -> None:
        name = run.decision.route_name
        self.query_one("#planned-note", Static).update(
            f"Planned: the route is {name}, so nothing runs on this machine, and nothing pretends to have run. "
            "The packet will say planned. Keep what these commands print there."
        )
        self.query_one("#plan-commands", Static).update(commands_content(run, tables))
        self.query_one("#planned-owed", Sheet).show(owed_rows(run))
