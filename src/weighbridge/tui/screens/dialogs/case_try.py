"""One case tried: what the model answers, how the grader marks it, what it cost. A rehearsal, and said to be one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.phase_words import phase_words
from weighbridge.domain.text import clean
from weighbridge.domain.verdict.cases import Case
from weighbridge.session.jobs.rehearsal import NOT_EVIDENCE, Rehearsal
from weighbridge.session.session import Session
from weighbridge.tui.screens.parts.eval_rows import detail_rows
from weighbridge.tui.widgets.figures import seconds
from weighbridge.tui.widgets.sheet import Row, Sheet
from weighbridge.tui.widgets.status_line import Notice, StatusLine
from weighbridge.tui.words.proof import wait_words

PAINT_EVERY_S = 0.15


class CaseTry(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", id="case-try.stop", tooltip="Stop the try, then close"),
        Binding("t,ctrl+r", "again", "Try again", id="case-try.again", tooltip="Ask the case once more"),
    ]

    def __init__(self, session: Session, case: Case) -> None:
        super().__init__()
        self._session, self._case = session, case
        self._tried, self._asking = Rehearsal(session, case), False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog"):
            yield Static(f"Try {self._case.id}", classes="dialog-title", markup=False)
            with VerticalScroll(id="try-page"):
                yield Sheet(id="try-sheet", label_width=8)
            yield StatusLine(id="try-status")
            yield Static("escape stops, then closes · t tries again · arrows scroll", classes="dialog-keys")

    def on_mount(self) -> None:
        self.query_one("#try-page").focus()
        self.set_interval(PAINT_EVERY_S, self._paint)
        self.action_again()

    def action_again(self) -> None:
        if not self._asking:
            self._asking = True
            self._tried = Rehearsal(self._session, self._case)
            self._ask()

    async def action_stop(self) -> None:
        if self._asking and self._session.job is not None:
            await self._session.stop()
        elif not self._asking:
            self.dismiss(None)

    @work(exit_on_error=False)
    async def _ask(self) -> None:
        """Asks the case. What goes wrong is said, and the dialog stays."""
        try:
            async with aclosing(self._tried.events()) as events:
                async for _ in events:
                    pass
        except Problem as problem:
            self._say(Notice.of(problem))
        else:
            self._show(self._tried)
        finally:
            self._asking = False

    def _say(self, notice: Notice) -> None:
        self.query_one("#try-status", StatusLine).show(notice)

    def _paint(self) -> None:
        """What the model says so far."""
        if not self._asking:
            return
        view = self._tried.live
        self.query_one("#try-sheet", Sheet).show(live_rows(self._case, view.answer if view.case else ""))
        what = phase_words(view.phase) if view.job else "starting"
        counted = "tok" if view.server is None else "pieces"
        if wait := wait_words(view):
            self._say(Notice(wait, NOT_EVIDENCE))
            return
        self._say(Notice(f"{what} · {view.tokens} {counted} · TTFT {seconds(view.ttft_s)}", NOT_EVIDENCE))

    def _show(self, ended: Rehearsal) -> None:
        if ended.result is not None:
            self.query_one("#try-sheet", Sheet).show(detail_rows(self._case, ended.result, ""))
            self._say(Notice(NOT_EVIDENCE))
        elif ended.outcome == "stopped":
            self._say(Notice("The try was stopped.", NOT_EVIDENCE))
        else:
            self._say(Notice(f"The try failed: {ended.message}", NOT_EVIDENCE, "problem"))


def live_rows(case: Case, answer: str) -> Iterator[Row]:
    yield Row("Answer", clean(answer, 4_000) or "…")
    yield Row("Asked", clean(case.full_prompt, 2_000), "muted")
