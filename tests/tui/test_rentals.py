"""A rented GPU in the wizard: nothing without a yes, what it costs always in sight, and a stop with its proof."""

from __future__ import annotations

import asyncio

import pytest
from fake_renting import Provider, order
from steering import Launch, on_step, screen_text, status, wait_until, wizard_of
from textual.pilot import Pilot
from textual.widgets import Static

from weighbridge.domain.intents import Answer, ChangeServe, Confirm
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.serving.rental import Rental, Stage
from weighbridge.services.rentals import Ledger
from weighbridge.session import Session
from weighbridge.tui.screens.beside.rentals import RentalsScreen
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.screens.dialogs.choose import Choose
from weighbridge.tui.screens.dialogs.hardware import HardwareScreen
from weighbridge.tui.widgets.rental_line import RentalLine


@pytest.fixture
def provider(session: Session, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """A run whose next step is to rent, and the provider that it asks."""
    model = ModelChoice(kind="hub", name="small", repo="acme/small", revision="0" * 40, source="a test")
    session.apply(Answer(field="available_route", value="rented_gpu"))
    session.keep(session.run.model_copy(update={"model": model}))
    session.apply(ChangeServe(field="cap_usd", value="1"))
    for step in ("constraints", "route", "model", "card"):
        session.apply(Confirm(step=step))
    made = Provider(session)
    made.put_in(monkeypatch)
    return made


def line(pilot: Pilot[int]) -> str:
    """The row below the title; empty where it is gone."""
    row = wizard_of(pilot).screen.query_one(RentalLine)
    return str(row.content) if row.display else ""


async def rent(pilot: Pilot[int]) -> None:
    """From step 5 to the yes."""
    app = wizard_of(pilot)
    await on_step(pilot, "runtime")
    await pilot.press("ctrl+r")
    await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
    await pilot.press("right", "enter")


async def test_a_machine_is_picked_from_a_list_with_prices(
    launch: Launch, session: Session, provider: Provider
) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        await on_step(pilot, "runtime")
        await pilot.press("f3")
        await wait_until(
            pilot, "the list", lambda: isinstance(app.screen, HardwareScreen) and "0.60" in screen_text(app)
        )
        assert "0.0100" in screen_text(app) and "1 x L4, 24 GB" in screen_text(app)
        await pilot.press("enter")
        await on_step(pilot, "runtime")
        assert session.run.serve.hardware == "l4x1"
        assert "1.00 USD buy 99 minutes" in screen_text(app)


async def test_nothing_is_rented_without_a_yes_and_the_question_has_the_amount(
    launch: Launch, session: Session, provider: Provider
) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        await on_step(pilot, "runtime")
        await pilot.press("ctrl+r")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        asked = str(app.screen.query(Static).first().content)
        assert "0.99 USD at most" in asked and "99 minutes" in asked and "0.60 an hour" in asked
        await pilot.press("enter")
        await on_step(pilot, "runtime")
        assert session.run.rental is None and not line(pilot)


async def test_what_runs_is_in_sight_on_every_step_and_its_stop_is_proven(
    launch: Launch, session: Session, provider: Provider
) -> None:
    provider.gate = asyncio.Event()
    async with launch(size=(60, 20)) as pilot:
        app = wizard_of(pilot)
        await rent(pilot)
        await wait_until(pilot, "the job's log", lambda: "pulling the image" in screen_text(app))
        provider.gate.set()
        await wait_until(pilot, "it answers", lambda: session.run.target is not None)
        await wait_until(pilot, "it is said", lambda: "The server answers" in status(pilot))
        await pilot.press("ctrl+n")
        await on_step(pilot, "proof")
        assert "of 1.00 USD" in line(pilot) and "f9 stops it" in line(pilot)
        assert "so nothing runs" not in screen_text(app), "the step has its panels"
        assert all(key in screen_text(app) for key in ("f9 Stop GPU", "^b Back", "^q Quit", "^n Next"))
        assert "esc Stop" not in screen_text(app), "nothing of the step runs"
        app.jobs.rentals.say_open()
        assert status(pilot).startswith("! The rented l4x1 of this run runs still")
        await pilot.press("f9")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        await pilot.press("right", "enter")
        await wait_until(pilot, "the proof", lambda: status(pilot).startswith("Proof of stop: job job-1 is CANCELED"))
        assert not line(pilot) and provider.stopped == ["job-1"]
        await pilot.press("ctrl+b")
        await on_step(pilot, "runtime")
        assert "Proof of stop" in screen_text(app)


@pytest.mark.slow
async def test_a_stop_while_it_starts_waits_for_no_server(launch: Launch, session: Session, provider: Provider) -> None:
    provider.gate = asyncio.Event()
    async with launch() as pilot:
        app = wizard_of(pilot)
        await rent(pilot)
        await wait_until(pilot, "it starts", lambda: app.jobs.rentals.open is not None)
        await pilot.press("escape")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        await pilot.press("right", "enter")
        await wait_until(pilot, "the proof", lambda: status(pilot).startswith("Proof of stop"))
        assert not app.jobs.rentals.doing and session.run.target is None


async def test_a_stop_without_proof_stays_in_sight(launch: Launch, session: Session, provider: Provider) -> None:
    provider.refuses = False
    async with launch() as pilot:
        app = wizard_of(pilot)
        await rent(pilot)
        await wait_until(pilot, "it answers", lambda: session.run.target is not None)
        await wait_until(pilot, "it is said", lambda: not app.jobs.rentals.doing)
        await pilot.press("f9")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        await pilot.press("right", "enter")
        await wait_until(pilot, "it is said", lambda: "NOT proven" in status(pilot))
        assert status(pilot).startswith("! ") and "the stop is not proven" in line(pilot)


@pytest.mark.slow
async def test_a_changed_price_is_asked_about_again(launch: Launch, session: Session, provider: Provider) -> None:
    provider.prices_changed = 1
    async with launch() as pilot:
        app = wizard_of(pilot)
        await rent(pilot)
        await wait_until(pilot, "the question again", lambda: isinstance(app.screen, Ask))
        assert session.run.rental is None
        await pilot.press("escape")
        await on_step(pilot, "runtime")


async def test_leaving_asks_what_becomes_of_it(launch: Launch, session: Session, provider: Provider) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        await rent(pilot)
        await wait_until(pilot, "it answers", lambda: session.run.target is not None)
        await wait_until(pilot, "it is said", lambda: not app.jobs.rentals.doing)
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Choose))
        assert "of 1.00 USD" in " ".join(screen_text(app).split())
        await pilot.press("escape")
        await on_step(pilot, "runtime")
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await wait_until(pilot, "the end", lambda: app.return_value == 0)
    assert provider.stopped == ["job-1"]


async def test_what_an_earlier_run_left_running_is_found_at_the_start_and_stopped(
    launch: Launch, session: Session, provider: Provider
) -> None:
    forgotten = Rental(
        order=order("other"), job_id="job-0", stages=(Stage(at="2026-01-02T03:04:05Z", stage="RUNNING"),)
    )
    Ledger(session.deps.home).save(forgotten)
    provider.left = (forgotten,)
    async with launch() as pilot:
        app = wizard_of(pilot)
        await wait_until(pilot, "it is said", lambda: "1 rented GPU was left running" in status(pilot))
        assert line(pilot).startswith("! f9 lists and stops it") and line(pilot).endswith("costs money")
        await pilot.press("f9")
        await wait_until(
            pilot, "the list", lambda: isinstance(app.screen, RentalsScreen) and "job-0" in screen_text(app)
        )
        await pilot.press("enter")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        provider.left = ()
        await pilot.press("right", "enter")
        await wait_until(pilot, "the proof", lambda: "Proof of stop" in screen_text(app))
        await pilot.press("escape")
        await on_step(pilot, "runtime")
        assert provider.stopped == ["job-0"]
        await wait_until(pilot, "the row goes", lambda: not line(pilot))


async def test_a_machine_of_this_run_that_was_taken_for_ended_and_runs_is_told(
    launch: Launch, session: Session, provider: Provider
) -> None:
    runs = Rental(
        order=order(session.run.id), job_id="job-1", stages=(Stage(at="2026-01-02T03:04:05Z", stage="RUNNING"),)
    )
    ended = provider.keep(runs.model_copy(update={"never": True}))
    Ledger(session.deps.home).save(ended)
    provider.left = (runs,)
    async with launch() as pilot:
        await wait_until(pilot, "it is said", lambda: "1 rented GPU was left running" in status(pilot))
        assert line(pilot).startswith("! f9 lists and stops it")
