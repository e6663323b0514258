"""Leaving a run: what is asked before it is closed, and what is stopped by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weighbridge.domain.problems import Problem
from weighbridge.tui.widgets.status_line import Notice

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp


async def may_leave(app: WeighbridgeApp, leave: str) -> bool:
    """Asks while a job runs or a GPU is rented, and only then. `leave`: what the person is about to do."""
    if not app.is_open:
        return True
    if running := app.jobs.busy:
        question = f"The {running} is still running. Leaving stops it; what is done so far is kept."
        if not await _agreed(app, question, leave, "Let it run"):
            return False
    if app.jobs.rentals.open is None:
        return True
    from weighbridge.tui.work.renting import settled

    return await settled(app)


async def change_run(app: WeighbridgeApp, run_id: str | None) -> None:
    """Resumes a run, or begins a new one; the open one is closed only once the other is there."""
    if not await may_leave(app, "Open the other run"):
        return
    from weighbridge.session.session import Session

    deps, store = app.session.deps, app.store
    try:
        session = Session.create(store, deps) if run_id is None else Session.resume(store, deps, run_id)
    except Problem as problem:
        app.tell(Notice.of(problem))
        return
    await app.jobs.close()
    app.adopt(session)
    app.go_to_first_open()
    app.jobs.rentals.say_open()


async def quit_wizard(app: WeighbridgeApp) -> None:
    """Leaves, unless the person has second thoughts about what is typed, runs, or is rented."""
    form = next((screen for screen in app.screen_stack if hasattr(screen, "may_leave")), None)
    if form is not None and not await form.may_leave():
        return
    screen = app.step_screen
    if screen is not None and not screen.flush():
        said = app.notice.text if app.notice else ""
        if not await _agreed(app, f"{said} Leaving drops what is typed there.".strip(), "Quit", "Stay"):
            return
    if await may_leave(app, "Stop it and quit"):
        if app.is_open:
            await app.jobs.close()
        app.exit(0)


async def _agreed(app: WeighbridgeApp, question: str, yes: str, no: str) -> bool:
    from weighbridge.tui.screens.dialogs.ask import Ask

    return await app.push_screen_wait(Ask(question, yes, no))
