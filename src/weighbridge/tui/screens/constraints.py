"""Step 1: the seven questions, each with the consequence of its answer below it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import RadioSet, Static

from weighbridge.domain import intents as want
from weighbridge.domain.route.questions import QUESTIONS, Question, consequence
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.radio import Radio


class ConstraintsScreen(StepScreen):
    """Arrows choose, tab goes to the next question; every answer is saved at once."""

    STEP = "constraints"
    HINT = "Tab: next question. Arrows, Enter: choose."

    def body(self) -> ComposeResult:
        for question in QUESTIONS:
            heading = Content.assemble((f"{question.title:<12}", "bold"), (question.ask, "$foreground-muted"))
            yield Static(heading, markup=False)
            yield self._answer(question)
            yield Static(id=f"so-{question.field}", classes="consequence", markup=False)

    def _answer(self, question: Question) -> Widget:
        if not question.choices:
            return Field(
                lambda run: run.constraints.task,
                lambda text: want.Answer(field="task", value=text),
                id="answer-task",
                placeholder="one line",
                max_length=500,
            )
        given = getattr(self.run.constraints, question.field)
        return RadioSet(
            *(Radio((choice.label), value=choice.value == given, tooltip=choice.note) for choice in question.choices),
            id=f"answer-{question.field}",
            classes="across",
            compact=True,
        )

    @on(RadioSet.Changed)
    def _chosen(self, event: RadioSet.Changed) -> None:
        field = (event.radio_set.id or "").removeprefix("answer-")
        question = next(q for q in QUESTIONS if q.field == field)
        value = question.choices[event.index].value
        if value != getattr(self.run.constraints, field):
            self.apply(want.Answer(field=field, value=value))

    def draw(self, run: Run) -> None:
        for question in QUESTIONS:
            self.query_one(f"#so-{question.field}", Static).update(clean(_so(question, run)))

    def missing_widget(self) -> Widget | None:
        return self.query_one("#answer-task")


def _so(question: Question, run: Run) -> str:
    """What the answer means, in its own words, and what follows from it."""
    given = getattr(run.constraints, question.field)
    note = "" if isinstance(given, bool) else next((c.note for c in question.choices if c.value == given), "")
    follows = consequence(run.constraints, question.field, run.decision)
    return f"→ {note[0].upper()}{note[1:]}. {follows}" if note else f"→ {follows}"
