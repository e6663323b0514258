"""The wizard: one app, one session, one screen a step. The run is the truth; screens draw it, intents change it.

The first frame is painted before the session, its records and the screens are imported, so nothing of them is
imported above; dialogs are imported where they are opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.signal import Signal

from weighbridge.domain.problems import Problem
from weighbridge.tui import commands
from weighbridge.tui.hangup import watch_terminal
from weighbridge.tui.keys import caught_up
from weighbridge.tui.screens.first_frame import FirstFrame
from weighbridge.tui.screens.registry import screen_of
from weighbridge.tui.sizes import HIGH_FROM, NARROW_BELOW, SHORT_BELOW, WIDE_FROM
from weighbridge.tui.widgets.status_line import Notice

if TYPE_CHECKING:
    from weighbridge.domain.proof.live import LiveView
    from weighbridge.domain.run import Run
    from weighbridge.domain.steps import StepId
    from weighbridge.services.runs.store import RunStore
    from weighbridge.session.session import Session
    from weighbridge.tui.screens.beside.runs import Wish
    from weighbridge.tui.screens.step import StepScreen
    from weighbridge.tui.work.jobs import JobName, Jobs

    Opener = Callable[[], tuple[Session, RunStore, str]]
    """Opens the run: session, store, and a sentence for the person (or none). Raises Problem."""


class WeighbridgeApp(App[int]):
    """Owns the session and its jobs, so that leaving a step stops nothing."""

    TITLE = "weighbridge"
    CSS_PATH = "app.tcss"
    # Textual declares these two without ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW_BELOW, "-normal"), (WIDE_FROM, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT_BELOW, "-tall"), (HIGH_FROM, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", id="app.help", tooltip="About this step, and its keys", priority=True),
        Binding("ctrl+g", "jump", "Go to", id="app.jump", tooltip="Jump to any step"),
        Binding("ctrl+l", "runs", "Runs", id="app.runs", tooltip="Resume, delete, or begin a run"),
        Binding(
            "ctrl+p", "command_palette", "Palette", id="app.palette", tooltip="Every action by name", priority=True
        ),
        Binding("f9", "rentals", "Stop GPU", id="app.rentals", tooltip="Stop what is rented", priority=True),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", tooltip="Leave; everything is saved", priority=True),
    ]

    session: Session
    store: RunStore
    jobs: Jobs

    def __init__(self, opener: Opener) -> None:
        super().__init__()
        self._opener = opener
        self.refused: Problem | None = None
        """Why the run could not be opened, if it could not."""
        self.run_changed: Signal[Run] = Signal(self, "run")
        self.notice: Notice | None = None
        self._view: tuple[str, LiveView] | None = None
        self._leaving = False

    def on_mount(self) -> None:
        self.push_screen(FirstFrame(self._open))

    @work
    async def _open(self) -> None:
        """Imports the wizard behind the first frame, then opens the run and shows its first open step."""
        await asyncio.to_thread(import_module, "weighbridge.tui.opened")
        try:
            session, self.store, said = self._opener()
        except Problem as problem:
            self.refused = problem
            self.exit(problem.exit_code)
            return
        first = self.screen
        self.adopt(session)
        self.go_to_first_open()
        if said:
            self.tell(Notice(said))
        self.jobs.rentals.find_left()
        for key in first.early_keys if isinstance(first, FirstFrame) else ():
            self.post_message(events.Key(key.key, key.character))

    def adopt(self, session: Session) -> None:
        """Goes on with this session; the one before is closed by whoever asks."""
        from weighbridge.tui.work.jobs import Jobs

        self.session = session
        self.jobs = Jobs(self, session, self.tell, self._changed)
        session.watchers.append(self.run_changed.publish)
        self.jobs.rentals.take_up()

    async def on_event(self, event: events.Event) -> None:
        """A key acts once the keys before it have acted: text that is typed in a burst is in its field before ctrl+n
        reads it, and what follows Enter goes to the field that Enter leads to."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await caught_up(self.focused)
            await caught_up(self.screen)
        await super().on_event(event)

    @property
    def is_open(self) -> bool:
        """Whether the run is there: from then on there is a session."""
        return hasattr(self, "jobs")

    async def on_unmount(self) -> None:
        if self.is_open:
            await self.jobs.close()

    # -- what screens ask for ---------------------------------------------------------------------------------

    @property
    def step_screen(self) -> StepScreen | None:
        """The step that is shown, below any dialog."""
        if not self.is_open:
            return None
        from weighbridge.tui.screens.step import StepScreen

        return next((s for s in reversed(self.screen_stack) if isinstance(s, StepScreen)), None)

    def go(self, step: StepId, focus: str = "") -> None:
        """Shows a step. What was said of the last one goes with it."""
        self.notice = None
        self.switch_screen(screen_of(step, focus))

    def again(self) -> None:
        """Makes the shown step anew: what it asks has become another thing. What was said stays."""
        if self.step_screen is not None and self.step_screen is self.screen:
            self.switch_screen(screen_of(self.step_screen.STEP))

    def go_to_first_open(self) -> None:
        """Shows the first step that is not done."""
        from weighbridge.domain.flow import first_open

        self.go(first_open(self.session.run))

    def tell(self, notice: Notice | None) -> None:
        """Says something in the status line of the step, where it stays; None takes it back."""
        self.notice = notice
        screen = self.step_screen
        if screen is not None and screen.is_mounted:
            screen.show_notice(notice)

    def start_job(self, name: JobName) -> None:
        self.tell(None)
        self.jobs.start(name)

    @property
    def can_download(self) -> bool:
        """Whether there is a file of the Hub to fetch, and nobody is at it."""
        from weighbridge.domain.flow import elsewhere

        model = self.session.run.model
        wanted = model is not None and model.to_download and not elsewhere(self.session.run)
        return wanted and self.jobs.model.loading is None

    def download(self, then: Callable[[], None] = lambda: None) -> None:
        if self.can_download:
            self.tell(None)
            self.jobs.model.download(then)

    @property
    def live(self) -> LiveView:
        """What runs at this moment; an idle view while it is only checked whether it can run."""
        from weighbridge.domain.proof.live import LiveView

        return self.session.live if self.session.job is not None else LiveView()

    def view(self, name: JobName) -> LiveView:
        """The view of the proof or eval: live, or drawn again from the events of the one on record."""
        from weighbridge.domain.proof.live import LiveView
        from weighbridge.tui.work.history import view_of

        live, run = self.session.live, self.session.run
        if live.job == name:
            return live
        record = run.proof if name == "proof" else None
        if record is None:
            return LiveView()
        if self._view is None or self._view[0] != record.job_id:
            need = run.forecast.total_bytes if run.forecast else None
            self._view = (record.job_id, view_of(self.session.events(), record.job_id, need))
        return self._view[1]

    def _changed(self) -> None:
        self.run_changed.publish(self.session.run)

    # -- actions ----------------------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        if self.is_open:
            yield from commands.commands(self)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the wizard rest while a dialog is open."""
        if action == "rentals":
            rentals = self.jobs.rentals if self.is_open and self.screen is self.step_screen else None
            return rentals is not None and (rentals.open is not None or bool(rentals.left))
        if action in ("help", "jump", "runs", "command_palette"):
            return self.screen is self.step_screen
        return True

    def action_help(self) -> None:
        from weighbridge.tui.screens.dialogs.help_page import HelpScreen, page_of

        screen = self.step_screen
        if screen is not None:
            keys = [active.binding for active in screen.active_bindings.values()]
            self.push_screen(HelpScreen(page_of(self.session.run, screen.STEP), keys))

    def action_jump(self) -> None:
        from weighbridge.tui.screens.dialogs.jump import JumpScreen

        screen = self.step_screen
        if screen is not None:
            self.push_screen(JumpScreen(self.session.run, screen.STEP), self._jump)

    def _jump(self, step: StepId | None) -> None:
        if step is not None and self.step_screen is not None:
            self.step_screen.jump(step)

    def action_save_packet(self) -> None:
        screen = self.step_screen
        if screen is None or screen.STEP == "packet":
            if screen is not None:
                screen.action_next()
        else:
            screen.jump("packet")

    def action_rentals(self) -> None:
        from weighbridge.tui.work.renting import stop

        stop(self)

    def action_runs(self) -> None:
        from weighbridge.tui.screens.beside.runs import RunsScreen

        self.push_screen(RunsScreen(self.store, self.session), self._wish)

    def action_cases(self) -> None:
        from weighbridge.tui.screens.beside.cases import CasesScreen

        if self.screen is self.step_screen:
            self.push_screen(CasesScreen(self.session))

    def _wish(self, wish: Wish | None) -> None:
        if wish is not None:
            self.open_run(wish.run_id)

    @work
    async def open_run(self, run_id: str | None) -> None:
        """Resumes a run, or begins a new one; the open one is closed only once the other is there."""
        from weighbridge.tui.leaving import change_run

        await change_run(self, run_id)

    @work
    async def action_quit(self) -> None:  # type: ignore[override]
        from weighbridge.tui.leaving import quit_wizard

        if self._leaving:
            return  # The question stands already: the key asks it once.
        self._leaving = True
        try:
            await quit_wizard(self)
        finally:
            self._leaving = False


def run_wizard(opener: Opener) -> int:
    """Runs the wizard until the person leaves it. The exit status. Raises the Problem of a run that did not open."""
    watch_terminal()
    app = WeighbridgeApp(opener)
    app.run()
    if app.refused is not None:
        raise app.refused
    return app.return_code or 0
