"""Step 4: the facts of the model card, each with how it is known, and a line to type what is missing."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from weighbridge.domain import intents as want
from weighbridge.domain.facts import Fact
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.sheet import Row, Sheet

LABEL = 16


def typed_value(name: str, run: Run) -> str:
    """What the person typed for a field of the present model; empty if nothing."""
    return run.typed_facts.get(run.model_key, {}).get(name, "")


def fact_rows(title: str, fact: Fact) -> list[Row]:
    """The value, and below it how it is known; a gap with its reason."""
    if fact.status == "missing":
        return [Row(title, "not known", "muted"), Row("  missing", fact.reason, "warn")]
    return [Row(title, fact.text, "head"), Row(f"  {fact.status}", fact.source, "muted")]


class CardScreen(StepScreen):
    """Enter saves a line and goes to the next one; an empty line takes the typing back."""

    STEP = "card"
    HINT = "Type what is missing; Enter saves. A gap may stay."

    def body(self) -> ComposeResult:
        yield Static(id="no-card", markup=False)
        for field in FIELDS:
            with Vertical(classes="fact"):
                yield Sheet(id=f"fact-{field.name}", label_width=LABEL)
                yield Field(
                    partial(typed_value, field.name),
                    lambda text, name=field.name: want.TypeFact(field=name, value=text),  # type: ignore[misc]
                    id=f"type-{field.name}",
                    placeholder=field.question,
                )

    def draw(self, run: Run) -> None:
        card = run.card
        note = self.query_one("#no-card", Static)
        model = run.model
        note.update(f"Card of {clean_line(model.name)}" if model else "Choose a model first: step 3.")
        for box in self.query(".fact"):
            box.display = card is not None
        if card is None:
            return
        for field in FIELDS:
            rows = fact_rows(field.title, getattr(card, field.name))
            self.query_one(f"#fact-{field.name}", Sheet).show(rows)
