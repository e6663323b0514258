"""A rented GPU that ends by itself: the wizard says so, and counts no more. What a rental on its way is called."""

from __future__ import annotations

import asyncio

import pytest
from fake_renting import Provider
from steering import Launch, on_step, screen_text, status, wait_until, wizard_of

from weighbridge.domain.intents import Answer, ChangeServe, Confirm
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.serving.rental import Rental
from weighbridge.session import Session
from weighbridge.session.rental import watching
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.widgets.rental_line import RentalLine
from weighbridge.tui.widgets.title_bar import TitleBar


@pytest.fixture
def provider(session: Session, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """A run whose next step is to rent; each look finds that the job has ended."""
    model = ModelChoice(kind="hub", name="small", repo="acme/small", revision="0" * 40, source="a test")
    session.apply(Answer(field="available_route", value="rented_gpu"))
    session.keep(session.run.model_copy(update={"model": model}))
    session.apply(ChangeServe(field="cap_usd", value="1"))
    for step in ("constraints", "route", "model", "card"):
        session.apply(Confirm(step=step))
    made = Provider(session)
    made.put_in(monkeypatch)
    made.gate = asyncio.Event()

    async def ended(of: Session) -> Rental | None:
        assert of.run.rental is not None
        over = made.proven(of.run.rental)
        return made.keep(over.model_copy(update={"message": "The job reached its time limit of 99 minutes."}))

    monkeypatch.setattr(watching, "look", ended)
    monkeypatch.setattr(watching, "EVERY_S", 0.05)
    return made


async def test_a_job_that_ended_by_itself_is_told_of_and_its_row_goes(
    launch: Launch, session: Session, provider: Provider
) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        await on_step(pilot, "runtime")
        assert app.screen.query_one(TitleBar).text.count("planned") == 1
        await pilot.press("ctrl+r")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        await pilot.press("right", "enter")
        await wait_until(pilot, "it starts", lambda: "pulling the image" in screen_text(app))
        await wait_until(pilot, "no plan", lambda: "planned" not in app.screen.query_one(TitleBar).text)
        assert session.run.planned, "the packet of a run whose rental never answered is a plan still"
        assert provider.gate is not None
        provider.gate.set()
        await wait_until(
            pilot, "it is said", lambda: "ended by itself. The job reached its time limit" in status(pilot)
        )
        await wait_until(pilot, "the row goes", lambda: not app.screen.query_one(RentalLine).display)
