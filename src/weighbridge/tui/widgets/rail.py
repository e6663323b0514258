"""The rail: the nine steps with their state, and a way to jump to each."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from weighbridge.domain import flow
from weighbridge.domain.run import Run
from weighbridge.domain.steps import STEPS, Step, StepId

GLYPHS: dict[flow.Status, str] = {"done": "✓", "todo": "·", "stale": "!", "attention": "!"}
WORDS: dict[flow.Status, str] = {"done": "", "todo": "", "stale": "stale", "attention": "look here"}


RUNNING: tuple[StepId, ...] = ("proof", "eval")
"""Steps in which something runs, unless the route is only planned."""

ASKED: tuple[StepId, ...] = ("constraints", "model", "card", "runtime")
"""Steps whose answers are typed there: where one edits them, Next takes them, and nothing is stale yet."""


def entry(step: Step, status: flow.Status, here: bool, planned: bool) -> Content:
    """One step: number, sign, title; below it the word for what is wrong, if something is.

    On a planned route nothing runs, so proof and eval never get the sign of something done.
    """
    skipped = planned and step.id in RUNNING and status == "done"
    style = "bold" if here else "$foreground-muted" if status == "todo" or skipped else ""
    glyph = "▶" if here else "–" if skipped else GLYPHS[status]
    line = Content.styled(f"{step.number} {glyph} {step.title}", style)
    edited = here and status == "stale" and step.id in ASKED
    word = "planned" if skipped else "" if edited else WORDS[status]
    return Content.assemble(line, "\n", (f"    {word}", "$text-warning")) if word else line


class Rail(OptionList):
    """Selecting a step jumps to it. The state of a step is said by sign and word, not by colour."""

    DEFAULT_CSS = """
    Rail { width: 19; height: 1fr; background: transparent; border: none; padding: 0 0 0 1; scrollbar-size: 0 0; }
    Rail:focus { border: none; }
    Rail > .option-list--option { padding: 0; }
    """

    def __init__(self, here: StepId | None, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._here = here
        self._drawn: tuple[flow.Status | bool, ...] = ()

    def show(self, run: Run) -> None:
        """Draws the state of every step; the highlight stays where it is."""
        states = tuple(flow.status(run, step.id) for step in STEPS)
        drawn = (*states, run.planned)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        place = self.highlighted
        self.set_options(
            [
                Option(entry(step, state, step.id == self._here, run.planned), id=step.id)
                for step, state in zip(STEPS, states, strict=True)
            ]
        )
        here = next((s.number - 1 for s in STEPS if s.id == self._here), 0)
        self.highlighted = here if place is None else place
