"""Three lines of step 5 where the documents are private: what the lesson asks to be on record of their access."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Static

from weighbridge.domain import intents as want
from weighbridge.domain.run import Run
from weighbridge.tui.screens.parts.part import Part
from weighbridge.tui.screens.parts.settings import row
from weighbridge.tui.widgets.field import Field

PRIVATE = (
    ("access_rule", "Access rule", "who may read which documents"),
    ("source_trace", "Source trace", "from answer back to document"),
    ("no_leak_note", "No-leak note", "what shows that nothing left"),
)


def plan_row(name: str, title: str, note: str) -> Widget:
    """One line of the plan: what is typed there, and what for."""
    field = Field(
        partial(_planned, name),
        lambda text: want.ChangePlan(field=name, value=text),
        id=f"plan-{name}",
        placeholder=note,
    )
    return row(title, field, classes="plan-setting")


def _planned(name: str, run: Run) -> str:
    return str(getattr(run.plan, name))


class PrivatePart(Part):
    """The three lines, each empty until the person has typed it."""

    def compose(self) -> ComposeResult:
        yield Static("Private documents: what the packet has to say of them", classes="section", markup=False)
        for name, title, note in PRIVATE:
            yield plan_row(name, title, note)
