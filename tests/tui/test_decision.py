"""Step 8: what is locked says why and what to do; a failed eval and a try on record unlock LoRA."""

from __future__ import annotations

from fakes import Script
from steering import Launch, on_step, screen_text, shown_step, status, wait_until
from textual.pilot import Pilot
from textual.widgets import OptionList

from weighbridge.domain.intents import Confirm, RecordTry, UsePack
from weighbridge.domain.steps import ORDER
from weighbridge.session import Session
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.words.decision import tried_rows


async def weighed(session: Session, script: Script) -> None:
    """A run whose eval has failed, before its decision."""
    script.answer = lambda request: "nothing useful"
    await session.choose_model("bundled")
    for step in ORDER[: ORDER.index("decision")]:
        if step in ("proof", "eval"):
            _ = [event async for event in (session.prove() if step == "proof" else session.evaluate())]
        session.apply(Confirm(step=step))


async def to(pilot: Pilot[int], choice: str) -> None:
    """Moves the cursor to a choice."""
    choices = pilot.app.screen.query_one("#choices", OptionList)
    await pilot.press("home", *["down"] * choices.get_option_index(choice))
    await wait_until(pilot, f"{choice} is told in full", lambda: choices.highlighted_option is not None)
    assert choices.highlighted_option is not None and choices.highlighted_option.id == choice
    await pilot.pause()


async def take_it_off(pilot: Pilot[int]) -> None:
    """Asks for the last try to be taken off, and says so in the dialog."""
    await pilot.press("x")
    await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, Ask))
    assert "▸ Keep it" in screen_text(pilot.app) and "← → choose, Enter takes" in screen_text(pilot.app)
    await pilot.press("right")
    await wait_until(pilot, "the sign moves", lambda: "▸ Take it off" in screen_text(pilot.app))
    await pilot.press("enter")


async def test_lora_is_locked_until_a_try_is_on_record(launch: Launch, session: Session, script: Script) -> None:
    await weighed(session, script)
    async with launch() as pilot:
        screen = await on_step(pilot, "decision")
        assert not screen.check_action("untried", ())
        await to(pilot, "LoRA")
        assert "LoRA    ✗ locked" in screen_text(pilot.app)
        await pilot.press("enter")
        assert session.run.choice is None and status(pilot).startswith("! LoRA is locked: the baseline FAILED")
        assert "record here what came of it" in status(pilot)
        await pilot.press("p")
        await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, AskLine))
        await pilot.press(*"one word", "enter")
        await wait_until(pilot, "the try", lambda: len(session.run.tried) == 1)
        assert session.run.tried[0].note == "one word" and "On record as tried: prompt" in status(pilot)
        await take_it_off(pilot)
        await wait_until(pilot, "nothing is tried", lambda: session.run.tried == ())
        await pilot.press("r")
        await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, AskLine))
        await pilot.press("enter")
        await wait_until(pilot, "what is missing", lambda: "Nothing is typed yet" in screen_text(pilot.app))
        await pilot.press(*"manual", "enter")
        await wait_until(pilot, "the other try", lambda: [one.what for one in session.run.tried] == ["rag"])
        await wait_until(pilot, "it is unlocked", lambda: "LoRA    ✓ allowed" in screen_text(pilot.app))
        reason = screen.query_one("#reason", Field)
        assert reason.placeholder.startswith("optional")
        await to(pilot, "LoRA")
        told = str(screen.query_one("#choices", OptionList).get_option("LoRA").prompt)
        assert "on your word: the try has no result yet" in " ".join(told.split())
        await pilot.press("enter")
        await wait_until(pilot, "why", lambda: reason.placeholder == "why LoRA?")
        assert status(pilot).startswith("LoRA is chosen; a reason is owed.")
        await pilot.press("ctrl+n")
        assert shown_step(pilot) == "decision" and "Say why" in status(pilot)
        await pilot.press(*"the form", "ctrl+n")
        await on_step(pilot, "packet")
    verdict = session.run.verdict
    assert verdict is not None and (verdict.choice, verdict.reason) == ("LoRA", "the form")


async def test_tries_of_an_earlier_baseline_are_marked(launch: Launch, session: Session, script: Script) -> None:
    await weighed(session, script)
    run = session.apply(RecordTry(what="prompt", note="one word"))
    assert run.pack is not None
    fewer = run.pack.model_copy(update={"case": run.pack.case[1:]})
    session.apply(UsePack(pack=fewer))
    _ = [event async for event in session.evaluate()]
    rows = list(tried_rows(session.run))
    assert rows[0].value.startswith("[of an earlier baseline] one word") and "p puts another prompt" in rows[1].value
    session.apply(RecordTry(what="rag", note="the handbook"))
    assert [row.value.startswith("[of an earlier") for row in tried_rows(session.run)] == [True, False]


async def test_what_matters_can_be_read_on_a_small_screen(launch: Launch, session: Session, script: Script) -> None:
    await weighed(session, script)
    async with launch(size=(60, 20)) as pilot:
        screen = await on_step(pilot, "decision")
        assert "(FAILED)" in screen_text(pilot.app), "the score is there at once"
        await to(pilot, "stop")
        text = screen_text(pilot.app)
        assert "So far: 2 jobs" in text and "money is not" in text
        screen.query_one("#reason").focus()
        await pilot.pause()
        text = screen_text(pilot.app)
        assert "chosen cases are no random sample" in text and "Reason" in text


async def test_without_an_eval_there_is_nothing_to_try(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        pilot.app.go("decision")  # type: ignore[attr-defined]
        screen = await on_step(pilot, "decision")
        assert not screen.check_action("tried", ("prompt",))
        assert "Tried" not in screen_text(pilot.app) and "What the cases show" not in screen_text(pilot.app)
