"""What the wizard asks before it replaces something, and what it says in whose words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from steering import Launch, on_step, screen_text, status, wait_until, walk_to, wizard_of
from textual.widgets import Input

from weighbridge.domain.intents import Answer
from weighbridge.domain.verdict.grounds import Grounds
from weighbridge.domain.verdict.rules import advise
from weighbridge.services.tables import load_rules
from weighbridge.session import Session
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.widgets.status_line import sentence


async def test_an_earlier_packet_is_replaced_only_after_a_yes(launch: Launch, session: Session) -> None:
    session.apply(Answer(field="available_route", value="free_colab"))
    async with launch() as pilot:
        app = wizard_of(pilot)
        screen = await walk_to(pilot, "packet")
        await pilot.press("ctrl+n")
        await wait_until(pilot, "the packet is saved", lambda: session.run.packet is not None)
        assert session.run.packet is not None
        first = session.run.packet
        await pilot.press("ctrl+n")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")
        await wait_until(pilot, "the answer", lambda: app.screen is screen and "stays" in status(pilot))
        assert session.run.packet == first and Path(first.path).is_dir()
        assert screen.query_one("#target", Input).value.endswith("-2")
        await pilot.press("ctrl+n")
        await wait_until(pilot, "the second packet", lambda: session.run.packet != first)
        assert session.run.packet.path.endswith("-2") and Path(first.path).is_dir()


async def test_a_suggested_runtime_is_not_on_record_before_it_is_chosen(launch: Launch, session: Session) -> None:
    session.apply(Answer(field="available_route", value="free_colab"))
    async with launch() as pilot:
        screen = await walk_to(pilot, "runtime")
        assert "suggested: Notebook" in screen_text(pilot.app)
        await pilot.press("ctrl+n")
        await on_step(pilot, "proof")
        assert session.run.plan.runtime == ""
        await pilot.press("ctrl+b")
        screen = await on_step(pilot, "runtime")
        screen.query_one("#plan-runtime").focus()
        await pilot.press("enter")
        await wait_until(pilot, "the choice", lambda: session.run.plan.runtime != "")


async def test_an_accepted_memory_risk_is_confirmed_in_place_of_the_refusal(launch: Launch, session: Session) -> None:
    machine = session.run.machine.model_copy(update={"available_bytes": 100 * 2**20})
    session.deps = replace(session.deps, machine=lambda _: machine)
    async with launch(size=(60, 20)) as pilot:
        await walk_to(pilot, "runtime")
        await pilot.press("ctrl+n")
        assert status(pilot).startswith("! The model needs")
        await pilot.press("ctrl+o")
        await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, AskLine))
        await pilot.press(*"swap", "enter")
        await wait_until(pilot, "the confirmation", lambda: status(pilot).startswith("Accepted, on record: Swap."))


async def test_a_setting_is_called_by_its_title(launch: Launch) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "runtime")
        await pilot.press("ctrl+a", "ctrl+k", "3", "enter")
        assert status(pilot).startswith("! Context: must be at least 64")


def test_names_keep_their_letters() -> None:
    assert sentence("m.gguf: the file is cut short") == "m.gguf: the file is cut short."
    assert sentence("n_ctx is too small") == "n_ctx is too small."
    assert sentence("the disk is full.") == "The disk is full."


def test_sentences_are_joined_with_one_mark() -> None:
    found = advise(Grounds(failure="The model is cut short (351562.50 MB).", alternative="Other"), load_rules())
    said = [found.why, *(row.why for row in found.options)]
    assert all(".;" not in text and ".." not in text for text in said)
