"""The load test: the cases at several requests at once, a row a step, with what so many answers allow to say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from weighbridge.domain.load.ramp import LADDER, ladder
from weighbridge.domain.load.records import LoadProgress, LoadRecord, LoadStep
from weighbridge.domain.load.rows import LATENCY, THROUGHPUT, grid, latency, progress_line, throughput
from weighbridge.domain.load.words import words_of
from weighbridge.domain.problems import Problem
from weighbridge.domain.text import clean
from weighbridge.session.jobs.loading import Load, load
from weighbridge.session.session import Session
from weighbridge.tui.sizes import NARROW_BELOW
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.status_line import Notice, StatusLine, sentence

PAINT_EVERY_S = 0.15
_ENDED = {
    "through": "The load test is done.",
    "errors": "The ramp ended at its first errors.",
    "time_limit": "The load test ended at its time limit.",
    "stopped": "The load test was stopped.",
}
NAMES = "busy: requests under way on average. x one: answers a second by those of one at once."


class LoadScreen(ModalScreen[None]):
    """Shows the load test on record, and starts another. `Run.load` is the truth of what is shown.

    Whoever closes it while a test runs stops the test.
    """

    AUTO_FOCUS = "#ladder"
    DEFAULT_CSS = """
    LoadScreen .dialog-title { margin-bottom: 0; }
    LoadScreen #load-status { padding: 0; display: none; }
    LoadScreen #load-page { height: 1fr; margin-top: 1; }
    LoadScreen #load-page Static { height: auto; margin-bottom: 1; }
    LoadScreen #load-names { color: $foreground-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", id="load.stop", tooltip="Stop the load test, then close", priority=True),
        Binding("ctrl+r", "start", "Start", id="load.start", tooltip="Ask the cases at so many requests at once"),
        Binding("pageup", "page(-1)", "Up", id="load.up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Down", id="load.down", show=False, priority=True),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._at: LoadProgress | None = None
        self._measuring = False

    def compose(self) -> ComposeResult:
        before = self._session.run.load
        rungs = before.ladder if before else LADDER
        with Vertical(classes="dialog wide-dialog"):
            yield Static("Load: the cases at so many requests at once", classes="dialog-title", markup=False)
            yield Line(",".join(map(str, rungs)), placeholder="1,2,4,8", id="ladder", compact=True, max_length=100)
            with VerticalScroll(id="load-page", can_focus=False):
                yield Static(id="throughput", markup=False)
                yield Static(id="latency", markup=False)
                yield Static(NAMES, id="load-names", markup=False)
                yield Static(id="load-words", markup=False)
            yield StatusLine(id="load-status")
            yield Static("Enter: start · escape: stop, close · page keys", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.set_interval(PAINT_EVERY_S, self._tick)
        self._draw()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @on(Input.Submitted, "#ladder")
    def action_start(self) -> None:
        """Starts it, unless it runs; a wish that cannot be is said."""
        if self._measuring:
            return
        try:
            rungs = ladder(self.query_one("#ladder", Input).value)
        except Problem as problem:
            self._say(Notice.of(problem))
            return
        self._measuring, self._at = True, None
        self.refresh_bindings()
        self._say(Notice("Starting."))
        self._run_it(rungs)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "start" or not self._measuring

    async def action_stop(self) -> None:
        if self._measuring:
            await self._session.stop()
        else:
            self.dismiss(None)

    def action_page(self, way: int) -> None:
        """The page scrolls while the field has the focus."""
        page = self.query_one("#load-page", VerticalScroll)
        page.scroll_relative(y=way * max(1, page.size.height - 2), animate=False)

    @work(exit_on_error=False)
    async def _run_it(self, rungs: tuple[int, ...]) -> None:
        """Runs it. What goes wrong is said, and the dialog stays."""
        try:
            async with aclosing(load(self._session, rungs)) as shown:
                async for one in shown:
                    if isinstance(one, LoadStep):
                        self._draw()
                    else:
                        self._at = one
            self._say(self._ending())
        except Problem as problem:
            self._say(Notice.of(problem))
        finally:
            self._measuring, self._at = False, None
            self.refresh_bindings()
            self._draw()

    def _ending(self) -> Notice:
        record = self._record
        if record is None:
            return Notice("The load test was stopped.", "Enter starts it again.")
        said = _ENDED.get(record.ended, "The load test ended.")
        if record.ended == "errors":
            # Why it ended stands in sight, however small the screen is.
            said = " ".join((said, *(sentence(why) for step in record.steps[-1:] for why in step.error_sentences[:1])))
        again = "Enter starts it again, escape closes."
        return Notice(said, again, "problem" if record.ended == "errors" else "info")

    @property
    def _record(self) -> LoadRecord | None:
        return self._session.run.load

    def _tick(self) -> None:
        if self._measuring and self._at is not None:
            self._draw()
            self._say(Notice(sentence(progress_line(self._at))))

    def _say(self, notice: Notice) -> None:
        line = self.query_one("#load-status", StatusLine)
        line.show(notice)
        line.display = True

    def _draw(self) -> None:
        """What the run holds, and the step that runs."""
        if not self.is_mounted:
            return
        gap = 1 if self.app.size.width < NARROW_BELOW else 2
        record, at = self._shown(), self._at
        steps = record.steps if record else ()
        running = at if at is not None and at.phase == "requests" else None
        tables = {
            "throughput": grid(THROUGHPUT, throughput(steps, running), gap) if steps or running else "",
            "latency": grid(LATENCY, latency(steps), gap) if steps else "",
            "load-names": NAMES if steps or running else "",
            "load-words": "\n".join(_sentences(self._session, record, running=self._measuring)),
        }
        for name, text in tables.items():
            shown = self.query_one(f"#{name}", Static)
            shown.update(text)
            shown.display = bool(text)

    def _shown(self) -> LoadRecord | None:
        """The record; while another test runs, only what is of that one."""
        record, job = self._record, self._session.job
        if not isinstance(job, Load):
            return record
        return record if record is not None and record.id == job.id else None


def _sentences(session: Session, record: LoadRecord | None, *, running: bool) -> Iterator[str]:
    """What may be said of the record; where there is none, what a load test is."""
    if running:
        return
    if record is not None:
        yield from (f"· {clean(sentence, 2_000)}" for sentence in words_of(record))
        return
    target = session.run.target
    where = f"{target.model} at {target.base_url or 'a server that is started here'}" if target else "no server yet"
    yield f"· Every case goes to {clean(where, 300)}, equally often, after a warm-up."
    yield "· Each step has so many requests under way at the same time; the first errors end the ramp."
    yield "· Answers, times and errors are kept in the run, and go into its packet."
