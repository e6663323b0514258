"""Step 4: the facts of the model card with their sources, the card itself beside them, and what its licence allows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar
from urllib.parse import urlsplit

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.facts import Fact
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.model.hub import CardText as Readme
from weighbridge.domain.model.licences import LicenceNote
from weighbridge.domain.problems import Problem
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.card_text import CardText
from weighbridge.tui.widgets.fact_list import FactList, fact_details, places
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.sheet import Row, Sheet, Tone
from weighbridge.tui.widgets.status_line import Notice, sentence

CLASSES: dict[str, tuple[str, Tone]] = {
    "permissive": ("✓", "good"),
    "share-alike": ("!", "text"),
    "conditional": ("!", "warn"),
    "non-commercial": ("✗", "bad"),
    "unknown": ("–", "warn"),
}


def typed_value(name: str, run: Run) -> str:
    """What the person typed for a field of the present model; empty if nothing."""
    return run.typed_facts.get(run.model_key, {}).get(name, "")


def note_rows(note: LicenceNote | None) -> Iterator[Row]:
    """What the licence allows, and where it stands."""
    if note is not None:
        sign, tone = CLASSES[note.licence_class]
        yield Row("Allows", f"{sign} {note.licence_class}: {note.note}", tone)
        if note.link:
            yield Row("Link", clean_line(note.link, 200), "muted")


def refusal_rows(run: Run) -> Iterator[Row]:
    """The licence refusal with the way out, or the override on record."""
    override = flow.licence_override(run)
    if override:
        yield Row("accepted", f"{override.reason} ({override.at})", "warn")
    elif refusal := flow.licence_refusal(run):
        yield Row("! refused", refusal, "bad")
        yield Row("way out", "Another model, another use, the licence typed; or ctrl+o accepts the risk.")


def title_of(card: Readme) -> str:
    """Which file at which commit, and of which day."""
    return clean_line(f"README.md @ {card.revision[:10]} · kept, as of {card.fetched_at[:10]}", 120)


class CardScreen(StepScreen):
    """Enter on a fact goes to its place in the card; tab leads to the line where it is corrected."""

    STEP = "card"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f2", "whole_card", "Card", id="card.whole", tooltip="The card alone, or facts and card", priority=True
        ),
        Binding("f3", "link", "Licence", id="card.link", tooltip="The address of the licence; asks before it opens"),
        Binding("ctrl+o", "accept", "Accept risk", id="card.accept", tooltip="Overrule the licence refusal, on record"),
        Binding("escape", "facts", "Facts", id="card.facts", show=False, tooltip="Back to the facts"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._card_of: tuple[str, ...] | None = None
        self._readme: Readme | None = None
        self._place: Notice | None = None

    def body(self) -> ComposeResult:
        with Container(id="card-sides"):
            with Vertical(id="card-facts"):
                yield Static(id="card-note", markup=False)
                yield Sheet(id="licence", label_width=9)
                yield FactList(id="facts")
                yield Sheet(id="fact-detail", label_width=9)
                with Horizontal(classes="setting plan-setting", id="fact-fields"):
                    yield Static("Correct", classes="setting-title", markup=False)
                    for field in FIELDS:
                        yield Field(
                            partial(typed_value, field.name),
                            lambda text, name=field.name: want.TypeFact(field=name, value=text),  # type: ignore[misc]
                            id=f"type-{field.name}",
                            placeholder=field.question,
                        )
            yield CardText(id="card-text")

    @property
    def facts(self) -> FactList:
        return self.query_one(FactList)

    @property
    def fact(self) -> Fact | None:
        """The highlighted fact."""
        card = self.run.card
        return getattr(card, self.facts.field) if card is not None else None

    def hint(self, run: Run) -> str:
        if run.card is None:
            return "Choose a model first: step 3."
        if self._has_text:
            return "Enter: its place in the card. Tab: correct it."
        return "Tab: type or correct a fact. A gap may stay."

    @property
    def _has_text(self) -> bool:
        return self._readme is not None and not self._readme.gap

    # -- drawing ------------------------------------------------------------------------------------------------

    def draw(self, run: Run) -> None:
        self._load(run)
        self.query_one("#card-facts").set_class(run.card is None, "-empty")
        note = self._note(run)
        self.query_one("#card-note").display = bool(note)
        self.query_one("#card-note", Static).update(note)
        if run.card is not None:
            self.facts.show(run.card)
            self._draw_fact()
        self.query_one("#licence", Sheet).show(refusal_rows(run))
        self.set_class(flow.missing(run, "card") is not None, "-refused")

    def _load(self, run: Run) -> None:
        """The card of the model, read once for each model."""
        model = run.model
        key = (model.repo, model.revision, model.sha256, model.name) if model else ()
        if key == self._card_of:
            return
        self._card_of = key
        self._readme = self.wizard.session.card_text()
        viewer = self.query_one(CardText)
        self.set_class(not self._has_text, "-no-text")
        if self._readme is not None and self._has_text:
            viewer.border_title = title_of(self._readme)
            viewer.show(self._readme.text)

    def _note(self, run: Run) -> str:
        """Why there is no card to show; empty where there is one."""
        if run.model is None:
            return "Choose a model first: step 3."
        if self._readme is None and run.model.served:
            return clean_line(f"{run.model.name}: no model card, a server shows none. What it tells is below.", 200)
        if self._readme is None:
            return clean_line(f"{run.model.name}: no model card here, the facts are those of the file.", 200)
        return clean_line(self._readme.gap, 300)

    @on(OptionList.OptionHighlighted, "#facts")
    def _draw_fact(self) -> None:
        fact = self.fact
        if fact is None:
            return
        rows = list(fact_details(fact, self.facts.size.width))
        if self.facts.field == "licence" and not flow.licence_refusal(self.run):
            rows += note_rows(self.run.licence)
        self.query_one("#fact-detail", Sheet).show(rows)
        for field in FIELDS:
            self.query_one(f"#type-{field.name}").display = field.name == self.facts.field

    # -- going about --------------------------------------------------------------------------------------------

    @on(OptionList.OptionSelected, "#facts")
    def _jump(self, event: OptionList.OptionSelected) -> None:
        """To the place of the fact in the card; again, to the next place that speaks of it."""
        event.stop()
        fact = self.fact
        lines = places(fact) if fact is not None and self._has_text else []
        if not lines:
            self.wizard.tell(Notice("The card has no place for it.", "Type what you know; Enter saves."))
            self.query_one(f"#type-{self.facts.field}").focus()
            return
        viewer = self.query_one(CardText)
        at = lines.index(viewer.target) + 1 if viewer.target in lines else 0
        line = lines[at % len(lines)]
        self._place = Notice(f"Line {line} of the card.", "f2: the card alone; escape: back.")
        self.wizard.tell(self._place)
        if self.has_class("-short"):
            self._show_whole(True)
        viewer.jump(line)

    @on(CardText.Left)
    def _left(self) -> None:
        """The line that the notice names is no more in view."""
        if self._place is not None and self.wizard.notice is self._place:
            self.wizard.tell(None)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        """Enter in a line saves it, and leads to the next fact."""
        event.prevent_default()
        if isinstance(event.input, Field) and self._take(event.input):
            self.facts.focus()
            self.facts.action_cursor_down()

    def action_whole_card(self) -> None:
        self._show_whole(not self.has_class("-card-alone"))

    def _show_whole(self, alone: bool) -> None:
        self.set_class(alone and self._has_text, "-card-alone")
        (self.query_one(CardText) if self.has_class("-card-alone") else self.facts).focus()

    def action_facts(self) -> None:
        """From the card to the facts; else takes back what is being typed."""
        if self.has_class("-card-alone") or self.focused is self.query_one(CardText):
            self._show_whole(False)
        else:
            self.action_undo()

    # -- the licence --------------------------------------------------------------------------------------------

    def worded(self, problem: Problem) -> Problem:
        """A refusal names the way to overrule it."""
        refused = flow.missing(self.run, "card") == str(problem)
        return type(problem)(str(problem), "Press ctrl+o to accept the risk, on record.") if refused else problem

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#facts")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "accept":
            return flow.missing(self.run, "card") is not None
        if action == "link":
            return bool(self.run.licence and self.run.licence.link)
        if action == "whole_card":
            return self._has_text
        return super().check_action(action, parameters)

    @work
    async def action_link(self) -> None:
        """Shows the address, and opens it only where it is https and the person says so."""
        address = self.run.licence.link if self.run.licence else ""
        if urlsplit(address).scheme != "https" or not address.isprintable():
            self.wizard.tell(Notice(f"The address is {clean_line(address, 300)}", "It is not https: it is not opened."))
        elif await self.app.push_screen_wait(Ask(f"Open this address in your browser?\n\n{address}", "Open it", "No")):
            self.app.open_url(address)

    @work
    async def action_accept(self) -> None:
        question = f"{flow.licence_refusal(self.run)} Why do you accept the risk?"
        reason = await self.app.push_screen_wait(AskLine(question, "your reason, kept in the packet"))
        if reason and self.apply(want.AcceptLicenceRisk(reason=reason)):
            self.wizard.tell(Notice(f"Accepted, on record: {sentence(reason)}", "ctrl+n goes on."))
