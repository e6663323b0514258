"""A proof that runs: seen from every step, stopped by a key, never left behind."""

from __future__ import annotations

import asyncio

import pytest
from fakes import Script
from steering import Launch, on_step, run_job, screen_text, status, title, wait_until, walk_to, wizard_of
from textual.pilot import Pilot

from weighbridge.domain.problems import OutsideFailed
from weighbridge.services.runs.store import RunFolder
from weighbridge.session import Session
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.work.guard import ERROR_LOG


async def start_and_hold(pilot: Pilot[int], script: Script) -> None:
    """A proof that waits in the middle of its answer."""
    script.pause_before_token = asyncio.Event()
    await walk_to(pilot, "proof")
    await pilot.press("ctrl+r")
    app = wizard_of(pilot)
    await wait_until(pilot, "the proof answers", lambda: app.session.live.prompt.startswith("Explain"))


async def test_a_running_proof_is_seen_from_other_steps_and_goes_on(
    launch: Launch, session: Session, script: Script
) -> None:
    async with launch() as pilot:
        await start_and_hold(pilot, script)
        await pilot.press("ctrl+b")
        await on_step(pilot, "runtime")
        await wait_until(pilot, "the title says so", lambda: "proof running" in title(pilot))
        assert "MiB" in title(pilot) and script.alive == 1
        assert script.pause_before_token is not None
        script.pause_before_token.set()
        app = wizard_of(pilot)
        await wait_until(pilot, "the proof ends", lambda: app.jobs.running is None)
        assert session.run.proof is not None and session.run.proof.outcome == "completed"
        assert "The proof is done" in status(pilot), "said in the step that is shown"
        assert "running" not in title(pilot)


async def test_escape_stops_the_proof(launch: Launch, session: Session, script: Script) -> None:
    async with launch() as pilot:
        await start_and_hold(pilot, script)
        await pilot.press("escape")
        app = wizard_of(pilot)
        await wait_until(pilot, "the proof stops", lambda: app.jobs.running is None)
        assert script.alive == 0
        assert session.run.proof is not None and session.run.proof.outcome == "stopped"
        assert "was stopped" in status(pilot)
        await pilot.press("ctrl+n")
        await wait_until(pilot, "the refusal", lambda: "Start the proof" in status(pilot))


async def test_the_footer_names_stop_only_while_something_runs(launch: Launch, script: Script) -> None:
    def footer(pilot: Pilot[int]) -> str:
        return screen_text(pilot.app).splitlines()[-1]

    async with launch(size=(100, 30)) as pilot:
        await walk_to(pilot, "proof")
        await pilot.pause()
        assert "Start" in footer(pilot) and "Stop" not in footer(pilot)
        await start_and_hold(pilot, script)
        await wait_until(pilot, "the key is named", lambda: "Stop" in footer(pilot))
        await pilot.press("escape")
        await wait_until(pilot, "it is gone", lambda: "Stop" not in footer(pilot))


async def test_a_second_start_is_refused_while_one_runs(launch: Launch, script: Script) -> None:
    async with launch() as pilot:
        await start_and_hold(pilot, script)
        wizard_of(pilot).start_job("eval")
        await pilot.pause()
        assert "The proof is running already" in status(pilot) and len(script.launches) == 1


async def test_quitting_asks_only_while_something_runs(launch: Launch, session: Session, script: Script) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        await start_and_hold(pilot, script)
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")
        await on_step(pilot, "proof")
        assert app.jobs.running == "proof", "the answer with the focus is the harmless one"
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the question", lambda: isinstance(app.screen, Ask))
        await pilot.press("tab", "enter")
        await wait_until(pilot, "nothing is left", lambda: script.alive == 0)
    assert session.run.proof is not None and session.run.proof.outcome == "stopped"


async def test_quitting_with_nothing_running_does_not_ask(launch: Launch) -> None:
    async with launch() as pilot:
        app = wizard_of(pilot)
        await on_step(pilot, "constraints")
        await pilot.press("ctrl+q")
        await wait_until(pilot, "the end", lambda: app.return_value == 0)


async def test_an_app_that_ends_in_the_middle_leaves_no_child(launch: Launch, script: Script) -> None:
    async with launch() as pilot:
        await start_and_hold(pilot, script)
        assert script.alive == 1
    assert script.alive == 0


async def test_a_crash_is_a_result_and_says_so(launch: Launch, session: Session, script: Script) -> None:
    script.crash_in_default_mode = script.crash_in_safe_mode = "SIGSEGV"
    async with launch() as pilot:
        await walk_to(pilot, "proof")
        await run_job(pilot)
        assert status(pilot).startswith("! The proof failed: The engine died (SIGSEGV).")
        assert session.run.proof is not None and len(session.run.proof.figures.attempts) == 2
        assert "! Proof" in screen_text(pilot.app) or "look here" in screen_text(pilot.app)
        await pilot.press("ctrl+n")
        await on_step(pilot, "eval")


async def test_a_full_disk_during_a_proof_is_said_and_the_wizard_stays(
    launch: Launch, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "proof")

        def full(self: RunFolder, event: object) -> None:
            raise OutsideFailed("No space is left on the disk.", "Make room, then start again.")

        monkeypatch.setattr(RunFolder, "append", full)
        await run_job(pilot)
        assert status(pilot).startswith("! No space is left on the disk. Make room, then start again.")
        assert script.alive == 0


async def test_an_unforeseen_error_is_one_sentence_and_its_details_go_to_a_file(
    launch: Launch, session: Session, script: Script
) -> None:
    def explode(_: object) -> str:
        raise ZeroDivisionError("secret detail")

    script.answer = explode
    async with launch() as pilot:
        await walk_to(pilot, "proof")
        await run_job(pilot)
        assert "ZeroDivisionError" in status(pilot) and ERROR_LOG in status(pilot)
        assert "Traceback" not in screen_text(pilot.app)
        assert "secret detail" in (session.folder / ERROR_LOG).read_text()
        await pilot.press("ctrl+b")
        await on_step(pilot, "runtime")


async def test_a_stopped_eval_goes_on_where_it_stopped(launch: Launch, session: Session, script: Script) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "eval")
        script.pause_before_token = gate = asyncio.Event()
        await pilot.press("ctrl+r")
        app = wizard_of(pilot)
        await wait_until(pilot, "the first case", lambda: app.session.live.case != "")
        await wait_until(pilot, "its row says so", lambda: "▶ runs" in screen_text(app))
        await pilot.press("escape")
        await wait_until(pilot, "the stop", lambda: app.jobs.running is None)
        gate.set()
        await run_job(pilot)
        assert "The eval is done" in status(pilot)
        evaluation = session.run.evaluation
        assert evaluation is not None and evaluation.gate is not None and len(evaluation.job_ids) == 2
