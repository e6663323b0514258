"""Step 8: keep, switch, RAG, LoRA or stop; what is allowed and why, and what was tried before."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option as Line

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import Refused
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean
from weighbridge.domain.verdict.decision import CHOICES, Choice
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.sizes import SHORT_BELOW
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.sheet import Sheet
from weighbridge.tui.widgets.status_line import Notice
from weighbridge.tui.words.decision import (
    TITLES,
    asked_why,
    note,
    option_line,
    reason_of,
    shown_rows,
    standing,
    tried_rows,
)

QUESTIONS = {
    "prompt": ("Which other prompt did you try, and what came of it?", "asked for one word only; no change"),
    "rag": ("Which text did you hand over, and what came of it?", "the handbook's page in the context; 2 more passed"),
}


class DecisionScreen(StepScreen):
    STEP = "decision"
    AUTO_FOCUS = "#choices"
    _open: str | None = None
    """The choice that is told in full."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "p",
            "tried('prompt')",
            "Prompt",
            id="decision.prompt",
            tooltip="Another prompt was tried: on record",
        ),
        Binding("r", "tried('rag')", "RAG", id="decision.rag", tooltip="RAG was tried: on record"),
        Binding("x", "untried", "Take back", id="decision.untried", tooltip="Take the last try off the record"),
    ]

    def hint(self, run: Run) -> str:
        if flow.recommended(run)[0] is None:
            return "Nothing is recommended; ctrl+n goes on without a decision."
        stands = standing(run)
        gate = flow.current_gate(run)
        if gate is None or self.app.size.height >= SHORT_BELOW:
            return stands
        return f"{gate.passed} of {gate.total} passed ({gate.gate}). {stands}"

    def body(self) -> ComposeResult:
        yield Static(id="decision-note", markup=False)
        yield OptionList(id="choices", markup=False)
        yield Static("Tried", classes="section", id="tried-title", markup=False)
        yield Sheet(id="tried", label_width=8)
        yield Static("What the cases show", classes="section", id="shown-title", markup=False)
        yield Sheet(id="shown", label_width=2)
        yield Static("Reason", classes="section", markup=False)
        yield Field(
            lambda run: run.reason,
            self._reason_given,
            id="reason",
            placeholder="why, in your own words",
            max_length=1_000,
        )

    def _reason_given(self, text: str) -> want.Decide:
        choice = self._chosen(self.run)
        assert choice is not None, "the reason can be typed only once something is chosen"
        return want.Decide(choice=choice, reason=text)

    @staticmethod
    def _chosen(run: Run) -> Choice | None:
        return run.choice or flow.recommended(run)[0]

    def draw(self, run: Run) -> None:
        rows, recommended = flow.allowed(run)
        chosen = self._chosen(run)
        choices = self.query_one("#choices", OptionList)
        width, at = choices.scrollable_content_region.width or 56, choices.highlighted
        names = [row.choice for row in rows]
        if at is None and chosen is not None:
            at, self._open = names.index(chosen), chosen
        lines = [
            Line(
                option_line(
                    row,
                    reason_of(row, run, row.choice == self._open),
                    row.choice == chosen,
                    row.choice == recommended,
                    width,
                ),
                id=row.choice,
            )
            for row in rows
        ]
        choices.set_options(lines)
        choices.highlighted = at
        self.query_one("#decision-note", Static).update(clean(note(run, chosen)))
        self._draw_below(run)
        reason = self.query_one("#reason", Field)
        reason.disabled = chosen is None
        reason.placeholder = asked_why(run)

    def _draw_below(self, run: Run) -> None:
        """What was tried, and what the cases show, where there is an eval to speak of."""
        has_eval = run.evaluation is not None and not run.planned
        self.query_one("#tried", Sheet).show(tried_rows(run) if has_eval else ())
        self.query_one("#tried-title").display = has_eval
        shown = tuple(shown_rows(run))
        self.query_one("#shown", Sheet).show(shown)
        self.query_one("#shown-title").display = bool(shown)

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw, self.run)

    @on(OptionList.OptionHighlighted, "#choices")
    def _highlight(self, event: OptionList.OptionHighlighted) -> None:
        """The choice under the cursor is told in full."""
        if event.option_id != self._open:
            self._open = event.option_id
            self.draw(self.run)

    @on(OptionList.OptionSelected, "#choices")
    def _select(self, event: OptionList.OptionSelected) -> None:
        choice = next(c for c in CHOICES if c == event.option_id)
        option = next(row for row in flow.allowed(self.run)[0] if row.choice == choice)
        if not option.allowed:
            self.wizard.tell(Notice.of(Refused(f"{choice} is locked: {option.why}.", f"{option.way_out}.")))
            return
        self.wizard.tell(None)
        self.apply(want.Decide(choice=choice, reason=self.query_one("#reason", Field).value))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action.startswith("tried"):
            return self.run.evaluation is not None and not self.run.planned
        if action == "untried":
            return bool(self.run.tried)
        return super().check_action(action, parameters)

    @work
    async def action_tried(self, what: Literal["prompt", "rag"]) -> None:
        """Asks for a note, and puts the try on record with what came of it."""
        question, example = QUESTIONS[what]
        typed = await self.app.push_screen_wait(AskLine(question, example))
        if typed and self.apply(want.RecordTry(what=what, note=typed)):
            result = self.run.tried[-1].result or "no result yet"
            self.wizard.tell(Notice(f"On record as tried: {TITLES[what]} ({result})."))

    @work
    async def action_untried(self) -> None:
        last = self.run.tried[-1]
        question = f"Take this off the record? {TITLES[last.what]}: {clean(last.note, 200)}"
        if await self.app.push_screen_wait(Ask(question, "Take it off", "Keep it")):
            self.apply(want.RecordTry(what=last.what, note=""))

    def missing_widget(self) -> Widget | None:
        """The reason where one is owed; the choices where the choice itself is not allowed."""
        lack = flow.missing(self.run, "decision") or ""
        return self.focus_on("#reason" if lack.startswith("Say why") else "#choices")
