"""The frame of every step: title bar, rail, body, status line with Next, footer. Screens draw from the run alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList

from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.run import Run
from weighbridge.domain.steps import BY_ID, StepId, after, before
from weighbridge.tui.budget import Budget
from weighbridge.tui.sizes import NARROW_BELOW, SHORT_BELOW
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.key_line import KeyLine
from weighbridge.tui.widgets.rail import Rail
from weighbridge.tui.widgets.rental_line import RentalLine, line_words
from weighbridge.tui.widgets.status_line import Notice, StatusLine
from weighbridge.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp
    from weighbridge.tui.work.model_jobs import ModelJobs


class StepScreen(Screen[None]):
    """Subclasses give STEP, HINT, `body()` and `draw(run)`; `tick()` repaints what moves, by a timer."""

    STEP: ClassVar[StepId]
    HINT: ClassVar[str] = ""
    _is_drawn = False
    _looks: object = None
    focus_first = ""
    """Selector of what gets the focus; empty: the first question."""
    _usable: tuple[bool | None, ...] = ()
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "next", "Next", id="step.next", tooltip="Confirm this step and go on", priority=True),
        Binding("ctrl+b", "back", "Back", id="step.back", tooltip="Go back one step", priority=True),
        Binding("escape", "undo", "Undo", id="step.undo", show=False, tooltip="Take back what is being typed"),
    ]

    @property
    def wizard(self) -> WeighbridgeApp:
        return cast("WeighbridgeApp", self.app)

    @property
    def model_jobs(self) -> ModelJobs:
        return self.wizard.jobs.model

    @property
    def run(self) -> Run:
        return self.wizard.session.run

    def compose(self) -> ComposeResult:
        self._take_size()
        step = BY_ID[self.STEP]
        self._looks = self.looks(self.run)
        yield TitleBar(step, id="title")
        yield RentalLine(id="rental-line")
        with Horizontal(id="middle"):
            yield Rail(self.STEP, id="rail")
            with VerticalScroll(id="body", can_focus=False):
                yield from self.body()
        with Horizontal(id="bar"):
            yield StatusLine(id="status")
            yield Button(self.next_label, id="next", compact=True, tooltip="Confirm this step and go on (ctrl+n)")
        yield KeyLine()

    def on_mount(self) -> None:
        self.wizard.run_changed.subscribe(self, self._redraw)
        self._budget = Budget()
        self._later()
        for field in self.query(Field):
            field.take(self.run)
        self._redraw(self.run)
        self._is_drawn = True
        if self.focus_first and (target := self.focus_on(self.focus_first)) is not None:
            target.focus()
        body = self.query_one("#body")
        first = next((widget for widget in body.query("*") if widget.focusable), None)
        if first is None:
            # A step without questions: the arrows scroll it.
            body.can_focus = True
            body.focus()
        elif self.focused is None and not self.AUTO_FOCUS:
            # Not by AUTO_FOCUS, which scrolls: a step opens at its top, wherever its first question is.
            self.set_focus(first, scroll_visible=False)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._check_size)
        if self._is_drawn and self.looks(self.run) != self._looks:
            self.wizard.again()

    def looks(self, run: Run) -> object:
        """What the body is made for: where it changes, the step is made anew."""
        return None

    def _take_size(self) -> None:
        """The breakpoints of the present size, before the first paint: Textual tells them with a resize alone."""
        size = self.app.size
        across, down = self.wizard.HORIZONTAL_BREAKPOINTS, self.wizard.VERTICAL_BREAKPOINTS
        for points, cells in ((across, size.width), (down, size.height)):
            *_, last = (name for least, name in points if least <= cells)
            for _, name in points:
                self.set_class(name == last, name)

    def _check_size(self) -> None:
        """A resize that meets a change of screens can miss the new one's breakpoints: it is told its size again."""
        size = self.app.size
        narrow, short = size.width < NARROW_BELOW, size.height < SHORT_BELOW
        if (narrow, short) != (self.has_class("-narrow"), self.has_class("-short")):
            self.post_message(events.Resize(size, size))

    def _later(self) -> None:
        """The next repaint, as soon as the budget allows."""
        self.set_timer(self._budget.interval_s, self._repaint)

    def _repaint(self) -> None:
        if self.is_current:
            self._budget.begin()
            self.tick()
            self.call_after_refresh(self._budget.end)
        self._later()

    def body(self) -> ComposeResult:
        raise NotImplementedError

    def draw(self, run: Run) -> None:
        """Draws the step from the run. Called at the start and after every change."""

    def missing_widget(self) -> Widget | None:
        """Where the person can put right what keeps Next from going on."""
        return None

    @property
    def next_label(self) -> str:
        follows = after(self.STEP)
        return f"Next: {BY_ID[follows].title} ▸" if follows else "Save packet"

    def tick(self) -> None:
        """Repaints what moves while a job runs. Subclasses add to it."""
        jobs = self.wizard.jobs
        self.query_one(TitleBar).show(self.run, self.wizard.live if jobs.running else None, jobs.model.title)
        rentals, now = jobs.rentals, self.wizard.session.deps.now()
        self.query_one(RentalLine).show(line_words(self.run.rental, rentals.left, rentals.doing, now))

    def _redraw(self, run: Run) -> None:
        if self.looks(run) != self._looks:
            if self.is_current:
                self.wizard.again()
            return
        self.query_one(Rail).show(run)
        for field in self.query(Field):
            field.show(run)
        self.draw(run)
        self.show_notice(self.wizard.notice)
        self.tick()
        usable = (
            self.wizard.check_action("rentals", ()),
            *(self.check_action(binding.action, ()) for _, binding in self._bindings),
        )
        if usable != self._usable:
            # The footer is made anew for it, which costs more than all the rest.
            self._usable = usable
            self.refresh_bindings()

    def show_notice(self, notice: Notice | None) -> None:
        """The notice, or the hint of the step where there is none."""
        self.query_one(StatusLine).show(notice or Notice(self.hint(self.run), kind="hint"))

    def hint(self, run: Run) -> str:
        return self.HINT

    # -- answers ---------------------------------------------------------------------------------------------

    def apply(self, intent: want.Intent) -> bool:
        """Hands an intent to the session; a refusal stands in the status line. Whether it was taken."""
        try:
            self.wizard.session.apply(intent)
        except Problem as problem:
            self.wizard.tell(Notice.of(self.worded(problem)))
            return False
        return True

    def worded(self, problem: Problem) -> Problem:
        """A refusal in the words of this screen."""
        return problem

    def flush(self) -> bool:
        """Saves what was typed and not yet handed over. False, with the focus there, where it is refused."""
        return all(self._take(field) for field in self._pending())

    def _pending(self) -> Iterator[Field]:
        return (field for field in self.query(Field) if field.is_pending(self.run))

    def _take(self, field: Field) -> bool:
        if not field.is_pending(self.run):
            return True
        if not self.apply(field.intent(field.value)):
            if said := self.wizard.notice:
                self.wizard.tell(replace(said, hint=f"{said.hint} escape takes it back.".strip()))
            field.focus()
            return False
        self.wizard.tell(None)
        field.take(self.run)
        return True

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if isinstance(event.input, Field) and self._take(event.input):
            self.focus_next()

    @on(Input.Blurred)
    def _blurred(self, event: Input.Blurred) -> None:
        if isinstance(event.input, Field) and self.is_current:
            self._take(event.input)

    def action_undo(self) -> None:
        self.take_back()
        self.wizard.tell(None)

    def take_back(self) -> bool:
        """Takes back what is typed and not saved. False where there is nothing."""
        pending = list(self._pending())
        for field in pending:
            field.take(self.run)
        if pending:
            self.wizard.tell(None)
        return bool(pending)

    # -- going -----------------------------------------------------------------------------------------------

    def action_next(self) -> None:
        """Next. A key that comes before the step is drawn waits for it."""
        self._once_drawn(self.proceed)

    def _once_drawn(self, go: Callable[[], None]) -> None:
        if self._is_drawn:
            go()
        else:
            self.call_later(self._once_drawn, go)

    def proceed(self) -> None:
        """Confirms the step; on refusal the sentence stands in the status line and the focus moves there."""
        if not self.flush():
            return
        if not self.apply(want.Confirm(step=self.STEP)):
            target = self.missing_widget()
            if target is not None:
                target.focus()
            return
        follows = after(self.STEP)
        if follows:
            self.wizard.go(follows)

    def action_back(self) -> None:
        earlier = before(self.STEP)
        if earlier:
            self._once_drawn(partial(self.jump, earlier))

    def jump(self, step: StepId, focus: str = "") -> None:
        """Goes to any step; what was typed is saved first. `focus`: selector of what gets the focus there."""
        if self.flush() and step != self.STEP:
            self.wizard.go(step, focus)

    @on(Button.Pressed, "#next")
    def _next_pressed(self) -> None:
        self.action_next()

    @on(OptionList.OptionSelected, "#rail")
    def _rail_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.jump(cast(StepId, event.option_id))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "back" and before(self.STEP) is None:
            return None
        return True

    def focus_on(self, selector: str) -> Widget | None:
        """A widget of this screen by selector, if it is there."""
        try:
            return self.query_one(selector)
        except NoMatches:
            return None
