"""The panel of a proof: held, zoomed, compared, marked."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fakes import Script
from steering import Launch, on_step, run_job, screen_text, status, wait_until, walk_to, wizard_of
from textual.pilot import Pilot
from textual.widgets import Input

from weighbridge.domain import intents as want
from weighbridge.domain.proof.events import Attempt
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.summary import jobs, summarize
from weighbridge.domain.steps import ORDER
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.tui.screens.beside.comparison import ComparisonScreen
from weighbridge.tui.screens.parts.live import LivePart
from weighbridge.tui.screens.proof import ProofScreen
from weighbridge.tui.widgets.answer_pane import AnswerPane
from weighbridge.tui.widgets.sheet import Sheet
from weighbridge.tui.words.proof import doubts, state_words

LONG = " ".join(f"word{i}" for i in range(120))


async def proof_step(pilot: Pilot[int]) -> ProofScreen:
    screen = await walk_to(pilot, "proof")
    assert isinstance(screen, ProofScreen)
    return screen


async def test_a_held_picture_stands_while_the_counters_go_on(launch: Launch, script: Script) -> None:
    script.answer = lambda request: LONG
    script.pause_before_token = gate = asyncio.Event()
    async with launch() as pilot:
        screen = await proof_step(pilot)
        await pilot.press("ctrl+r")
        await wait_until(pilot, "it asks", lambda: "Explain" in screen.query_one(AnswerPane).text)
        await pilot.press("f2")
        held = screen.query_one(AnswerPane).text
        assert "paused" in screen_text(pilot.app)
        gate.set()
        await wait_until(pilot, "the end", lambda: wizard_of(pilot).jobs.running is None)
        await wait_until(pilot, "the counters", lambda: "120 of 128 tokens" in screen_text(pilot.app))
        assert screen.query_one(AnswerPane).text == held and "word0" not in held
        screen.action_hold()
        assert "word119" in screen.query_one(AnswerPane).text


async def test_one_phase_alone_and_the_whole_again(launch: Launch) -> None:
    async with launch() as pilot:
        screen = await proof_step(pilot)
        await run_job(pilot)
        seen = []
        for _ in range(6):
            seen.append(screen.query_one(LivePart).zoom)
            await pilot.press("f3")
        assert seen[0] is None and None in seen[1:] and "decode" in seen and "prefill" in seen


async def test_the_last_proof_stands_beside_the_present_one(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        screen = await proof_step(pilot)
        await run_job(pilot)
        await pilot.press("f4")
        await wait_until(pilot, "it says so", lambda: "no earlier proof" in status(pilot))
        await run_job(pilot)
        await pilot.press("f4")
        assert "(190) 190 MiB" in screen_text(pilot.app)
        first, second = (job[0] for job in jobs(session.events()))
        await run_job(pilot)
        part = screen.live_part
        assert isinstance(first, Attempt) and isinstance(second, Attempt)
        assert part.before is not None and part.before.job_id == second.job_id, "read anew for a newer proof"
        await pilot.press("f4")
        assert "(190)" not in screen_text(pilot.app)


async def test_the_keys_of_the_panel_leave_letters_to_the_prompt(launch: Launch) -> None:
    async with launch() as pilot:
        screen = await proof_step(pilot)
        prompt = screen.query_one("#prompt", Input)
        prompt.focus()
        prompt.value = ""
        await pilot.press("z", "p", "c", "space", "q")
        assert prompt.value == "zpc q"


async def test_the_answer_follows_its_end_until_one_scrolls(launch: Launch, script: Script) -> None:
    script.answer = lambda request: LONG
    async with launch() as pilot:
        screen = await proof_step(pilot)
        await run_job(pilot)
        await wait_until(pilot, "the end is shown", lambda: "word119" in screen_text(pilot.app))
        screen.query_one(AnswerPane).focus()
        await pilot.press("home")
        shown = screen_text(pilot.app)
        assert "Q  Explain" in shown and "word119" not in shown and "more" in shown
        await pilot.press("end")
        assert "word119" in screen_text(pilot.app)


async def test_contended_is_said_with_the_way_out(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await proof_step(pilot)
        await run_job(pilot)
        proof = session.run.proof
        assert proof is not None
        noise = Noise(mark="contended", reasons=("Other programs took 80 % of one core.",))
        figures = proof.figures.model_copy(update={"noise": noise, "unstable": ("first-run",)})
        session.keep(session.run.model_copy(update={"proof": proof.model_copy(update={"figures": figures})}))
        wizard_of(pilot).tell(None)
        await pilot.pause()
        said = status(pilot)
        assert "Contended: Other programs took 80 %" in said and "ctrl+r repeats" in said
        assert "Unstable" in said and "first-run" in said


def test_nothing_is_doubted_of_a_quiet_proof() -> None:
    quiet = summarize(()).model_copy(update={"noise": Noise(mark="quiet", reasons=())})
    assert list(doubts(quiet)) == []


async def test_more_settings_fold_open_and_say_what_they_are_set_to(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        screen = await walk_to(pilot, "runtime")
        assert "all as preset" in screen_text(pilot.app) and "Micro-batch" not in screen_text(pilot.app)
        await pilot.press("f2")
        await wait_until(pilot, "they are there", lambda: "Micro-batch" in screen_text(pilot.app))
        screen.query_one("#set-repeats").focus()
        await pilot.press("ctrl+k", "3")
        screen.query_one("#set-prefix_reuse").focus()
        await pilot.press("right", "enter")
        await wait_until(pilot, "both are taken", lambda: session.run.settings.prefix_reuse)
        assert session.run.settings.repeats == 3
        await pilot.press("f2")
        await wait_until(pilot, "they are named", lambda: "repeats 3, prefix reuse on" in screen_text(pilot.app))
        await pilot.press("f2")
        screen.query_one("#set-repeats").focus()
        await pilot.press("ctrl+k", "0")
        await pilot.press("f2")
        assert status(pilot).startswith("! Repeats") and "Micro-batch" in screen_text(pilot.app), "not left unsaid"


async def packet_of_64_tokens(session: Session, store: RunStore, target: Path) -> None:
    """A packet of another run, whose answers end at 64 tokens."""
    other = Session.create(store, session.deps)
    for step in ORDER[:-1]:
        if step == "model":
            await other.choose_model("bundled")
        if step == "runtime":
            other.apply(want.ChangeSetting(field="max_tokens", value="64"))
        if step == "proof":
            _ = [event async for event in other.prove()]
        if step == "eval":
            _ = [event async for event in other.evaluate()]
        other.apply(want.Confirm(step=step))
    await other.write_packet(target)
    await other.close()


async def test_a_packet_is_proved_again_in_a_new_run(
    launch: Launch, session: Session, store: RunStore, tmp_path: Path
) -> None:
    await packet_of_64_tokens(session, store, tmp_path / "packet")
    async with launch() as pilot:
        app = wizard_of(pilot)
        await on_step(pilot, "constraints")
        for folder, said in ((str(tmp_path / "none"), "!"), (str(tmp_path / "packet"), "")):
            (command,) = (c for c in app.get_system_commands(app.screen) if c.title == "Prove again from a packet")
            command.callback()
            await wait_until(pilot, "the question", lambda: bool(app.screen.query("#line")))
            app.screen.query_one("#line", Input).value = folder
            await pilot.press("enter")
            if said:
                await wait_until(pilot, "the refusal", lambda: status(pilot).startswith("! "))
                assert app.session is session, "nothing was begun"
        await wait_until(pilot, "the comparison", lambda: isinstance(app.screen, ComparisonScreen))
        assert app.session.run.settings.max_tokens == 64
        rows = {row.label: row.value for row in app.screen.query_one(Sheet).rows}
        assert rows["Answers"] == "1 of 1 equal" and "Figures" in rows
        assert "Reproduced" in screen_text(app) and not any("≠" in v for k, v in rows.items() if "RSS" in k)
        await pilot.press("escape")
        await on_step(pilot, "proof")
        (command,) = (c for c in app.get_system_commands(app.screen) if c.title == "Show the comparison")
        command.callback()
        await wait_until(pilot, "it is shown again", lambda: isinstance(app.screen, ComparisonScreen))
        await pilot.press("escape")
        app.session.apply(want.ChangeSetting(field="max_tokens", value="32"))
        await run_job(pilot)
        assert not isinstance(app.screen, ComparisonScreen), "it is another recipe"


def test_a_wait_has_no_mark() -> None:
    assert state_words(LiveView(phase="wait", mark="contended")) == "waiting for the server"
    assert state_words(LiveView(phase="decode", mark="contended")) == "answering · ! contended"
