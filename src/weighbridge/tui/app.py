"""The wizard: one app, one session, one screen a step. The run is the truth; screens draw it, intents change it.

Dialogs are imported where they are opened: the first paint waits for none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.signal import Signal

from weighbridge.domain import flow
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.run import Run
from weighbridge.domain.steps import StepId
from weighbridge.services.store import RunStore
from weighbridge.session.deps import Deps
from weighbridge.session.session import Session
from weighbridge.tui import commands
from weighbridge.tui.history import view_of
from weighbridge.tui.jobs import JobName, Jobs
from weighbridge.tui.screens.registry import screen_of
from weighbridge.tui.screens.step import NARROW_BELOW, SHORT_BELOW, StepScreen
from weighbridge.tui.widgets.status_line import Notice

if TYPE_CHECKING:
    from weighbridge.tui.screens.runs import Wish


class WeighbridgeApp(App[int]):
    """Owns the session and its jobs, so that leaving a step stops nothing."""

    TITLE = "weighbridge"
    CSS_PATH = "app.tcss"
    # Textual declares these two without ClassVar.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW_BELOW, "-normal"), (110, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT_BELOW, "-tall"), (36, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help", id="app.help", tooltip="About this step, and its keys", priority=True),
        Binding("ctrl+g", "jump", "Go to", id="app.jump", tooltip="Jump to any step"),
        Binding("ctrl+l", "runs", "Runs", id="app.runs", tooltip="Resume, delete, or begin a run"),
        Binding(
            "ctrl+p", "command_palette", "Palette", id="app.palette", tooltip="Every action by name", priority=True
        ),
        Binding("ctrl+q", "quit", "Quit", id="app.quit", tooltip="Leave; everything is saved", priority=True),
    ]

    def __init__(self, session: Session, store: RunStore, deps: Deps) -> None:
        super().__init__()
        self.store, self.deps = store, deps
        self.run_changed: Signal[Run] = Signal(self, "run")
        self.notice: Notice | None = None
        self._view: tuple[str, LiveView] = ("", LiveView())
        self._take(session)

    def _take(self, session: Session) -> None:
        self.session = session
        self.jobs = Jobs(self, session, self.tell, self._changed)
        session.watchers.append(self.run_changed.publish)

    def on_mount(self) -> None:
        self.push_screen(screen_of(flow.first_open(self.session.run)))

    async def on_unmount(self) -> None:
        await self.jobs.close()

    # -- what screens ask for ---------------------------------------------------------------------------------

    @property
    def step_screen(self) -> StepScreen | None:
        """The step that is shown, below any dialog."""
        return next((s for s in reversed(self.screen_stack) if isinstance(s, StepScreen)), None)

    def go(self, step: StepId) -> None:
        """Shows a step. What was said of the last one goes with it."""
        self.notice = None
        self.switch_screen(screen_of(step))

    def tell(self, notice: Notice | None) -> None:
        """Says something in the status line of the step, where it stays; None takes it back."""
        self.notice = notice
        screen = self.step_screen
        if screen is not None and screen.is_mounted:
            screen.show_notice(notice)

    def start_job(self, name: JobName) -> None:
        self.tell(None)
        self.jobs.start(name)

    def view(self, name: JobName) -> LiveView:
        """The view of the proof or eval: live, or drawn again from the events of the one on record."""
        live, run = self.session.live, self.session.run
        if live.job == name:
            return live
        record = run.proof if name == "proof" else None
        if record is None:
            return LiveView()
        if self._view[0] != record.job_id:
            need = run.forecast.total_bytes if run.forecast else None
            self._view = (record.job_id, view_of(self.session.events(), record.job_id, need))
        return self._view[1]

    def _changed(self) -> None:
        self.run_changed.publish(self.session.run)

    # -- actions ----------------------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from commands.commands(self)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of the wizard rest while a dialog is open."""
        if action in ("help", "jump", "runs", "command_palette"):
            return isinstance(self.screen, StepScreen)
        return True

    def action_help(self) -> None:
        from weighbridge.tui.screens.help import HelpScreen

        screen = self.step_screen
        if screen is not None:
            keys = [active.binding for active in screen.active_bindings.values()]
            self.push_screen(HelpScreen(screen.STEP, keys))

    def action_jump(self) -> None:
        from weighbridge.tui.screens.jump import JumpScreen

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

    def action_runs(self) -> None:
        from weighbridge.tui.screens.runs import RunsScreen

        now = self.deps.now()
        self.push_screen(RunsScreen(self.store, self.session.run.id, now), self._wish)

    def _wish(self, wish: Wish | None) -> None:
        if wish is not None:
            self.open_run(wish.run_id)

    @work
    async def open_run(self, run_id: str | None) -> None:
        """Resumes a run, or begins a new one; the open one is closed only once the other is there."""
        if not await self._may_leave("Open the other run"):
            return
        try:
            if run_id is None:
                session = Session.create(self.store, self.deps)
            else:
                session = Session.resume(self.store, self.deps, run_id)
        except Problem as problem:
            self.tell(Notice.of(problem))
            return
        await self.jobs.close()
        self._take(session)
        self.go(flow.first_open(session.run))

    async def _may_leave(self, leave: str) -> bool:
        """Asks while a job runs, and only then."""
        running = self.jobs.running
        if running is None:
            return True
        from weighbridge.tui.screens.ask import Ask

        question = f"The {running} is still running. Leaving stops it; what is done so far is kept."
        return await self.push_screen_wait(Ask(question, leave, "Let it run"))

    @work
    async def action_quit(self) -> None:  # type: ignore[override]
        screen = self.step_screen
        if screen is not None and not screen.flush():
            return
        if await self._may_leave("Stop it and quit"):
            await self.jobs.close()
            self.exit(0)


def run_wizard(session: Session, store: RunStore, deps: Deps) -> int:
    """Runs the wizard until the person leaves it. The exit status."""
    app = WeighbridgeApp(session, store, deps)
    app.run()
    return app.return_code or 0
