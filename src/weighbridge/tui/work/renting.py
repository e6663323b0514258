"""What a person is asked about a rented GPU: which machine, whether it may cost so much, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.serving.rental import Order, Rental
from weighbridge.domain.serving.rental_words import agreement, spent_words
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.screens.dialogs.choose import Choose
from weighbridge.tui.screens.dialogs.hardware import HardwareScreen
from weighbridge.tui.widgets.status_line import Notice, sentence

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp


def choose_hardware(app: WeighbridgeApp) -> None:
    """Asks the provider for its list, then the person for one of it."""
    jobs, shown = app.jobs.rentals, app.step_screen

    def taken(name: str | None) -> None:
        if name is None:
            return
        try:
            app.session.apply(want.ChangeServe(field="hardware", value=name))
        except Problem as problem:
            app.tell(Notice.of(problem))

    def listed() -> None:
        if app.screen is shown:
            app.push_screen(HardwareScreen(jobs.hardware, app.session.run.serve.hardware), taken)

    app.tell(None)
    jobs.ask_hardware(listed)


def rent(app: WeighbridgeApp) -> None:
    """Makes the order, shows what it can cost at most, and starts it after a yes. A changed price is asked again."""
    jobs, shown = app.jobs.rentals, app.step_screen
    if jobs.open is not None:
        app.tell(Notice("A GPU is rented already.", "f9 stops it.", "problem"))
        return

    def ordered(order: Order) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                app.tell(None)
                jobs.rent(order, lambda: rent(app))

        if app.screen is shown:
            app.push_screen(Ask(agreement(order), "Rent it", "Not now"), answered)

    def share(problem: Problem) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                jobs.order(ordered, share, with_token=True)

        if app.screen is shown:
            app.push_screen(
                Ask(f"{sentence(str(problem))} {sentence(problem.in_steps)}", "Share it", "Not now"), answered
            )

    app.tell(None)
    jobs.order(ordered, share)


def stop(app: WeighbridgeApp) -> None:
    """Stops the rental of this run after a yes; else shows what other runs have left running."""
    jobs = app.jobs.rentals
    rental = jobs.open
    if rental is None:
        show_left(app)
        return
    running = app.jobs.running
    job = f" The {running} that runs on it is stopped too." if running else ""
    question = f"Stop {_named(rental)}? {spent_words(rental, app.session.deps.now())} so far.{job}"

    def answered(yes: bool | None) -> None:
        if yes:
            jobs.stop()

    app.push_screen(Ask(question, "Stop it", "Let it run"), answered)


def show_left(app: WeighbridgeApp) -> None:
    """What is rented, by this run and by others."""
    from weighbridge.tui.screens.beside.rentals import RentalsScreen

    app.push_screen(RentalsScreen(app.jobs.rentals, app.session.deps.now))


async def settled(app: WeighbridgeApp) -> bool:
    """Whether the run may be left: its rental is stopped, left running on the person's word, or there is none."""
    jobs = app.jobs.rentals
    rental = jobs.open
    if rental is None:
        return True
    question = (
        f"T{_named(rental)[1:]} still runs and costs money: {spent_words(rental, app.session.deps.now())} so far."
    )
    ends = f"the provider ends it {rental.order.time_limit_s // 60:,} min after its start"
    ways = {
        "stop": "Stop it, wait for the proof, then leave",
        "leave": f"Leave it running: it is on record, and {ends}",
        "stay": "Stay here",
    }
    way = await app.push_screen_wait(Choose(question, ways))
    if way == "stop":
        return await jobs.stopped()
    if way == "leave":
        jobs.leave()
        return True
    return False


def _named(rental: Rental) -> str:
    return f"the rented {rental.order.hardware.name} (job {rental.job_id or 'without an id yet'})"
