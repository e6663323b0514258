"""The form of one case: every field in words, the error of a field right below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import RadioSet, Static, TextArea

from weighbridge.domain.problems import Problem
from weighbridge.domain.verdict.case_form import CaseForm, case_of_form, form_of
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.grader_words import Shape, WrongField, kinds, option_names, shape
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.screens.dialogs.help_page import HelpScreen, own_keys
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.radio import Radio
from weighbridge.tui.widgets.status_line import Notice, StatusLine, sentence

LINES: dict[str, tuple[str, str]] = {
    "id": ("Id", "e.g. hours-01: a-z, digits, hyphens"),
    "options": ("Options", ""),
    "why": ("Why", "e.g. most people ask this first"),
    "tags": ("Tags", "e.g. reading, cost"),
    "max_tokens": ("Most tokens", "e.g. 96; empty: as in the settings"),
    "time_limit_s": ("Seconds", "e.g. 20; empty: as in the policy"),
}
"""Fields of one line: title, and what stands there while they are empty."""
SHAPES: dict[Shape, str] = {
    "nothing": "nothing: the kind says it all",
    "text": "the text",
    "lines": "texts, one a line; every one has to be there",
    "json": "JSON",
}
KINDS: dict[str, str] = {
    "match": "the whole answer, or where location says",
    "pattern": "a regular expression, found anywhere",
    "json": 'JSON: keys and their types, e.g. {"route": "string"}',
    "json_schema": "a JSON Schema",
    "refusal": "nothing: the model is to decline",
    "all": 'JSON list of graders, e.g. [{"kind": "includes", "target": "6"}]',
    "any": 'JSON list of graders, e.g. [{"kind": "includes", "target": "6"}]',
}
"""What is expected, by kind, where the shape alone does not say it."""
OPTIONS: dict[str, str] = {
    "includes": "e.g. ignore_case=false",
    "match": "e.g. location=end numeric=true tolerance=0.5",
    "pattern": "e.g. ignore_case=false",
    "refusal": "e.g. says=does_not_know",
}
"""An example of what else can be said of a kind, where something can."""
UNSAVED = Notice("Nothing is saved before ctrl+s.", kind="hint")


class Text(TextArea):
    """Several lines of text; tab goes to the next field. What was not touched is given back to the letter."""

    DEFAULT_CSS = """
    Text { height: auto; max-height: 6; min-height: 1; border: none; padding: 0; background: $surface; }
    Text:focus { border: none; background: $panel; }
    """

    def __init__(self, value: str, *, id: str) -> None:
        super().__init__(value, id=id, soft_wrap=True, tab_behavior="focus", show_line_numbers=False, compact=True)
        self._given, self._shown = value, self.text

    def on_resize(self) -> None:
        """Its height is that of the wrapped lines, which are known only with the width."""
        self.call_after_refresh(self.refresh, layout=True)

    @property
    def value(self) -> str:
        return self._given if self.text == self._shown else self.text


class CaseEdit(Screen[str | None]):
    """Gives the id of the case once it is saved, or None. `take` puts the case into the pack; it raises Problem."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", id="case-edit.save", tooltip="Put the case into the pack", priority=True),
        Binding("f1", "about", "Help", id="case-edit.help", tooltip="About cases and graders, with examples"),
        Binding("escape", "leave", "Leave", id="case-edit.leave", tooltip="Back to the cases"),
    ]
    AUTO_FOCUS = "#case-id"
    CSS = """
    #case-title, #cases-title { height: 1; background: $panel; padding: 0 1; text-style: bold; }
    .case-keys { height: auto; padding: 0 1; color: $foreground-muted; background: $surface; }
    CaseEdit #form { padding: 0 1; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    CaseEdit .setting { margin-bottom: 0; }
    CaseEdit .setting-title { width: 12; }
    CaseEdit .setting Line, CaseEdit .setting Text { width: 1fr; }
    CaseEdit .setting RadioSet.in-columns { width: 1fr; grid-size: 4; }
    .-narrow CaseEdit .setting RadioSet.in-columns, CaseEdit.-narrow .setting RadioSet.in-columns { grid-size: 3; }
    CaseEdit .setting RadioSet.across { width: auto; }
    .case-note { height: auto; margin-left: 12; color: $foreground-muted; }
    .field-error { height: auto; margin-left: 12; color: $text-error; text-style: bold; display: none; }
    """

    def __init__(self, case: Case | None, take: Callable[[Case], None]) -> None:
        super().__init__()
        self._case, self._take = case, take
        self._form = form_of(case) if case is not None else CaseForm()

    def compose(self) -> ComposeResult:
        title = f"Change the case {self._case.id}" if self._case is not None else "A new case"
        yield Static(title, id="case-title", markup=False)
        with VerticalScroll(id="form", can_focus=False):
            yield from self._line("id")
            yield from self._row("prompt", "Prompt", Text(self._form.prompt, id="case-prompt"))
            yield from self._yes_no("conversation", "It is", ("one prompt", "messages, as JSON"))
            yield from self._row("context", "Context", Text(self._form.context, id="case-context"))
            yield from self._row("kind", "Grader", self._kinds())
            yield from self._row("expected", "Expects", Text(self._form.expected, id="case-expected"))
            yield Static(id="expected-note", classes="case-note", markup=False)
            yield from self._line("options")
            yield Static(id="options-note", classes="case-note", markup=False)
            yield from self._yes_no("must_pass", "Must pass", ("no", "yes: the gate fails without it"))
            for name in ("why", "tags", "max_tokens", "time_limit_s"):
                yield from self._line(name)
        yield StatusLine(id="case-status")
        yield Static("ctrl+s saves · tab: next field · f1: examples · escape leaves", classes="case-keys", markup=False)

    def _line(self, name: str) -> ComposeResult:
        title, note = LINES[name]
        value = str(getattr(self._form, name))
        yield from self._row(
            name, title, Line(value, placeholder=note, id=f"case-{name}", compact=True, max_length=4_000)
        )

    def _row(self, name: str, title: str, widget: Widget) -> ComposeResult:
        with Horizontal(classes="setting"):
            yield Static(title, classes="setting-title", markup=False)
            yield widget
        yield Static(id=f"error-{name}", classes="field-error", markup=False)

    def _yes_no(self, name: str, title: str, words: tuple[str, str]) -> ComposeResult:
        yes = bool(getattr(self._form, name))
        radios = (Radio(words[0], not yes), Radio(words[1], yes))
        yield from self._row(name, title, RadioSet(*radios, id=f"case-{name}", classes="across", compact=True))

    def _kinds(self) -> RadioSet:
        chosen = self._form.kind
        return RadioSet(*(Radio(k, k == chosen) for k in kinds()), id="case-kind", classes="in-columns", compact=True)

    def on_mount(self) -> None:
        self._note(self._form.kind)
        self._say(UNSAVED)

    @on(RadioSet.Changed, "#case-kind")
    def _kind_changed(self, event: RadioSet.Changed) -> None:
        self._note(kinds()[event.index])
        self._clear("kind", "expected", "options")

    @on(Line.Changed)
    @on(Text.Changed)
    @on(RadioSet.Changed)
    def _touched(self, event: Line.Changed | Text.Changed | RadioSet.Changed) -> None:
        self._clear((event.control.id or "").removeprefix("case-"))

    def _clear(self, *names: str) -> None:
        """Takes back what was said of fields that have changed since."""
        for name in names:
            error = self.query_one(f"#error-{name}", Static)
            if error.display:
                error.display = False
                self._say(UNSAVED)

    def _note(self, kind: str) -> None:
        """What the chosen kind expects, and which options it has."""
        self.query_one("#expected-note", Static).update(KINDS.get(kind, SHAPES[shape(kind)]))
        self.query_one("#case-options", Line).placeholder = OPTIONS.get(kind, "")
        names = option_names(kind)
        self.query_one("#options-note", Static).update(f"of {', '.join(names)}" if names else "it has none")

    def typed(self) -> CaseForm:
        """The form as it stands on the screen."""
        texts = {name: self.query_one(f"#case-{name}", Text).value for name in ("prompt", "context", "expected")}
        lines = {name: self.query_one(f"#case-{name}", Line).value for name in LINES}
        marks = {name: self._index(name) == 1 for name in ("conversation", "must_pass")}
        return CaseForm.model_validate({**texts, **lines, **marks, "kind": kinds()[self._index("kind")]})

    def _index(self, name: str) -> int:
        return max(0, self.query_one(f"#case-{name}", RadioSet).pressed_index)

    def action_save(self) -> None:
        for error in self.query(".field-error"):
            error.display = False
        try:
            case = case_of_form(self.typed(), self._case)
            self._take(case)
        except WrongField as wrong:
            self._refuse(wrong)
        except Problem as problem:
            self._say(Notice.of(problem))
        else:
            self.dismiss(case.id)

    def _refuse(self, wrong: WrongField) -> None:
        """Says what is wrong beside the field, and goes there."""
        error = self.query_one(f"#error-{wrong.field}", Static)
        error.update(f"! {sentence(str(wrong))}")
        error.display = True
        widget = self.query_one(f"#case-{wrong.field}")
        widget.focus()
        self.call_after_refresh(error.scroll_visible, animate=False)
        self._say(Notice(f"It is not saved: look at {wrong.field.replace('_', ' ')}.", kind="problem"))

    def _say(self, notice: Notice) -> None:
        self.query_one("#case-status", StatusLine).show(notice)

    def action_about(self) -> None:
        self.app.push_screen(HelpScreen("cases", own_keys(self)))

    async def may_leave(self) -> bool:
        """Asks where something was typed, and only then."""
        if self.typed() == self._form:
            return True
        question = "What was typed here is not saved."
        return await self.app.push_screen_wait(Ask(question, "Leave without it", "Stay"))

    @work
    async def action_leave(self) -> None:
        if await self.may_leave():
            self.dismiss(None)
