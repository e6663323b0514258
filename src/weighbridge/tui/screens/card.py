"""Step 4: the facts of the model card, each with how it is known, and a line to type what is missing."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from weighbridge.domain import intents as want
from weighbridge.domain.facts import Fact
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Field


def typed_value(name: str, run: Run) -> str:
    """What the person typed for a field of the present model; empty if nothing."""
    return run.typed_facts.get(run.model_key, {}).get(name, "")


def fact_content(title: str, fact: Fact) -> Content:
    """`Licence   declared  apache-2.0`, and below it the source; a gap with its reason."""
    gap = fact.status == "missing"
    value = "" if gap else clean(fact.text)
    aside = clean(fact.reason if gap else fact.source)
    return Content.assemble(
        (f"{title:<18}", "bold"),
        (f"{fact.status:<10}", "$text-warning" if gap else "$text-success"),
        value,
        "\n" if value else "",
        (aside, "$text-muted"),
    )


class CardScreen(StepScreen):
    """Enter saves a line and goes to the next one; an empty line takes the typing back."""

    STEP = "card"
    HINT = "Read the model card and type what is missing; Enter saves a line. A gap may stay: it is said as one."

    def body(self) -> ComposeResult:
        yield Static(id="no-card", markup=False)
        for field in FIELDS:
            with Vertical(classes="fact"):
                yield Static(id=f"fact-{field.name}", markup=False)
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
            content = fact_content(field.title, getattr(card, field.name))
            self.query_one(f"#fact-{field.name}", Static).update(content)
