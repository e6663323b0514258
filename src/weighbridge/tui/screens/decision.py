"""Step 8: keep, switch, RAG, LoRA or stop; what is allowed, and why."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option as Line

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean
from weighbridge.domain.verdict.decision import CHOICES, Choice, Option
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.wrap import hanging, shared_start


def option_line(option: Option, why: str, chosen: bool, recommended: bool, width: int) -> Content:
    """`● keep   ✓ allowed, recommended` and below it the reason."""
    word = "allowed" if option.allowed else "locked"
    if recommended:
        word += ", recommended"
    tone = "$text-success" if option.allowed else "$foreground-muted"
    return Content.assemble(
        (f"{'●' if chosen else '○'} {option.choice:<8}", "bold" if chosen else ""),
        (f"{'✓' if option.allowed else '✗'} {word}", tone),
        "\n",
        (hanging(clean(why), width, 2), "$foreground-muted"),
    )


class DecisionScreen(StepScreen):
    STEP = "decision"

    def hint(self, run: Run) -> str:
        if flow.recommended(run)[0] is None:
            return "Nothing is recommended; ctrl+n goes on without a decision."
        return "The recommendation stands if you choose nothing."

    def body(self) -> ComposeResult:
        yield Static(id="decision-note", markup=False)
        yield OptionList(id="choices", markup=False)
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
        score = shared_start([row.why for row in rows])
        choices = self.query_one("#choices", OptionList)
        width = choices.size.width or 56
        at = choices.highlighted
        lines = [
            Line(
                option_line(
                    row,
                    row.why.removeprefix(f"{score}; "),
                    row.choice == chosen,
                    row.choice == recommended,
                    width,
                ),
                id=row.choice,
                disabled=not row.allowed,
            )
            for row in rows
        ]
        choices.set_options(lines)
        names = [row.choice for row in rows]
        choices.highlighted = at if at is not None else names.index(chosen) if chosen in names else None
        self.query_one("#decision-note", Static).update(clean(_note(run, chosen, score)))
        self.query_one("#reason", Field).disabled = chosen is None
        self.query_one("#reason", Field).placeholder = flow.recommended(run)[1] or "why, in your own words"

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw, self.run)

    @on(OptionList.OptionSelected, "#choices")
    def _select(self, event: OptionList.OptionSelected) -> None:
        choice = next(c for c in CHOICES if c == event.option_id)
        self.wizard.tell(None)
        self.apply(want.Decide(choice=choice, reason=self.query_one("#reason", Field).value))

    def missing_widget(self) -> Widget | None:
        """The reason where one is owed; the choices where the choice itself is not allowed."""
        lack = flow.missing(self.run, "decision") or ""
        return self.focus_on("#reason" if lack.startswith("Say why") else "#choices")


def _note(run: Run, chosen: Choice | None, score: str) -> str:
    if run.verdict:
        return f"On record: {run.verdict.choice}. {run.verdict.reason}"
    if chosen is None and run.planned:
        return "Nothing has run yet on this route, so only stop can be decided. You may go on without."
    if chosen is None:
        return "No eval has run to its end. Stop needs no evidence; the rest does."
    return f"{score}. Choose what follows from it."
