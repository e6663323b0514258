"""Answering: what is saved, what turns stale, and what a refusal says."""

from __future__ import annotations

from fakes import Script
from steering import Launch, on_step, run_job, screen_text, shown_step, status, wait_until, walk_to, wizard_of
from textual.widgets import Input, RadioSet

from weighbridge.domain.flow import status as step_status
from weighbridge.domain.intents import ChangeSetting
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.tui.widgets.field import Field


async def test_an_answer_changes_its_consequence_and_is_saved_at_once(
    launch: Launch, session: Session, store: RunStore
) -> None:
    async with launch() as pilot:
        screen = await on_step(pilot, "constraints")
        screen.query_one("#answer-available_route", RadioSet).focus()
        await pilot.press("right", "right", "enter")
        await wait_until(pilot, "the consequence", lambda: "explicit cost" in screen_text(pilot.app))
        assert store.load(session.run.id).constraints.available_route == "rented_gpu"
        assert "● Rented GPU" in screen_text(pilot.app)


async def test_back_loses_nothing_that_was_typed(launch: Launch, session: Session, store: RunStore) -> None:
    async with launch() as pilot:
        screen = await walk_to(pilot, "card")
        screen.query_one("#type-safety", Input).focus()
        await pilot.press(*"biased")
        await pilot.press("ctrl+b")
        await on_step(pilot, "model")
        assert store.load(session.run.id).card is not None
        await pilot.press("ctrl+n")
        screen = await on_step(pilot, "card")
        assert screen.query_one("#type-safety", Input).value == "biased"
        card = session.run.card
        assert card is not None and card.safety.status == "typed"


async def test_an_empty_line_takes_the_typing_back(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        screen = await walk_to(pilot, "card")
        entry = screen.query_one("#type-licence", Input)
        entry.focus()
        await pilot.press(*"mit", "enter")
        assert session.run.card is not None and session.run.card.licence.value == "mit"
        entry.focus()
        await pilot.press(*["backspace"] * 3, "enter")
        assert session.run.card is not None and session.run.card.licence.status == "declared"


async def test_a_changed_constraint_marks_later_steps_stale(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "packet")
        wizard_of(pilot).go("constraints")
        screen = await on_step(pilot, "constraints")
        screen.query_one("#answer-needs_fine_tuning", RadioSet).focus()
        await pilot.press("right", "enter")
        await wait_until(pilot, "stale marks", lambda: "! Route" in screen_text(pilot.app))
        assert "stale" in screen_text(pilot.app)
        assert step_status(session.run, "route") == "stale"
        assert step_status(session.run, "proof") == "done", "the proof does not depend on it and is kept"


async def test_a_changed_setting_makes_the_proof_stale_and_keeps_it(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "eval")
        session.apply(ChangeSetting(field="n_ctx", value="1024"))
        await pilot.press("ctrl+b")
        await on_step(pilot, "proof")
        assert "Stale" in status(pilot) and session.run.proof is not None
        await pilot.press("ctrl+n")
        await wait_until(pilot, "the refusal", lambda: status(pilot).startswith("!"))
        assert shown_step(pilot) == "proof" and "start it again" in status(pilot)


async def test_next_refused_says_what_is_missing_and_focuses_it(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        screen = await on_step(pilot, "constraints")
        screen.query_one("#answer-privacy").focus()
        await pilot.pause()
        screen.query_one("#answer-task", Field).value = " "
        await pilot.press("ctrl+n")
        assert shown_step(pilot) == "constraints"
        assert "needs at least one word" in status(pilot) and status(pilot).startswith("! ")
        assert screen.focused is screen.query_one("#answer-task")
        assert session.run.constraints.task == "course Q&A assistant"
        await pilot.press("escape")
        assert screen.query_one("#answer-task", Field).value == "course Q&A assistant"


async def test_a_setting_out_of_range_is_refused_with_the_limit(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        screen = await walk_to(pilot, "runtime")
        screen.query_one("#set-n_ctx", Field).value = "3"
        await pilot.press("ctrl+n")
        assert status(pilot).startswith("! Context: must be at least 64") and shown_step(pilot) == "runtime"
        assert session.run.settings.n_ctx == 2048


async def test_the_decision_can_be_another_one_with_a_reason(launch: Launch, session: Session, script: Script) -> None:
    script.answer = lambda request: "nothing useful"
    async with launch() as pilot:
        screen = await walk_to(pilot, "decision")
        screen.query_one("#choices").focus()
        await pilot.press("end", "enter")
        assert session.run.choice == "stop"
        await pilot.press("ctrl+n")
        assert shown_step(pilot) == "decision" and "Say why" in status(pilot)
        assert screen.focused is screen.query_one("#reason")
        await pilot.press(*"too weak", "ctrl+n")
        await on_step(pilot, "packet")
        verdict = session.run.verdict
        assert verdict is not None and (verdict.choice, verdict.reason) == ("stop", "too weak")


async def test_lora_is_locked_while_no_baseline_has_failed(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        app.go("decision")
        await on_step(pilot, "decision")
        assert "LoRA    ✗ locked" in screen_text(app)


async def test_the_threshold_and_a_file_of_cases_can_be_changed(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "eval")
        await run_job(pilot)
        screen = wizard_of(pilot).screen
        screen.query_one("#threshold", Field).focus()
        await pilot.press(*["backspace"] * 3, "1", "enter")
        assert session.run.policy is not None and session.run.policy.min_pass == 1
        assert "stale" in screen_text(pilot.app)
        cases = screen.query_one("#cases-file", Input)
        cases.focus()
        await pilot.press(*"none.toml", "enter")
        assert status(pilot).startswith("! There is no cases file")
