"""Step 7: a person's own mark, the time limit of a case, and what a changed case begins."""

from __future__ import annotations

from eval_steps import evaluated, gate_of, pack, prepared, result_of
from fakes import Script
from steering import Launch, on_step, screen_text, status, wait_until, wizard_of
from textual.widgets import RadioSet

from weighbridge.domain import intents as want
from weighbridge.session import Session
from weighbridge.tui.screens.dialogs.overrule import OverruleForm
from weighbridge.tui.widgets.field import Field, Line


async def test_a_mark_is_overruled_and_taken_back_by_keys(launch: Launch, session: Session, script: Script) -> None:
    script.answer = lambda request: "No." if request.case == "b" else "An answer."
    await evaluated(await prepared(session))
    async with launch() as pilot:
        wizard_of(pilot).go("eval")
        await on_step(pilot, "eval")
        await pilot.press("down", "o")
        await wait_until(pilot, "the form is there", lambda: isinstance(pilot.app.screen, OverruleForm))
        form = pilot.app.screen
        assert form.query_one(RadioSet).pressed_index == 0, "what the grader did not say"
        await pilot.press(*"It is right", "enter")
        await on_step(pilot, "eval")
        assert result_of(session, "b").counts and gate_of(session).gate == "WARNED"
        shown = screen_text(pilot.app)
        assert "FAIL by grader, pass by you: It is right" in shown and "! by you" in shown
        assert "1 mark was overruled by the person: b" in " ".join(shown.split())
        await pilot.press("o")
        await wait_until(pilot, "the form is there", lambda: isinstance(pilot.app.screen, OverruleForm))
        line = pilot.app.screen.query_one("#reason", Line)
        assert line.value == "It is right"
        line.clear()
        await pilot.press("enter")
        await on_step(pilot, "eval")
        assert result_of(session, "b").overruled is None and "the grader's mark stands" in status(pilot)
        await pilot.press("up", "o")
        await wait_until(pilot, "the form is there", lambda: isinstance(pilot.app.screen, OverruleForm))
        await pilot.press("enter")
        await on_step(pilot, "eval")
        assert "The reason is empty" in status(pilot)


async def test_the_time_limit_is_typed_beside_the_threshold(launch: Launch, session: Session) -> None:
    await prepared(session)
    async with launch() as pilot:
        wizard_of(pilot).go("eval")
        await on_step(pilot, "eval")
        pilot.app.screen.query_one("#time-limit", Field).focus()
        await pilot.press(*"0.5", "enter")
        assert session.run.policy is not None and session.run.policy.time_limit_s == 0.5
        await pilot.press("shift+tab", *["backspace"] * 3, *"no way", "enter")
        assert "is not a number" in status(pilot)


async def test_changed_cases_are_called_a_new_baseline(launch: Launch, session: Session) -> None:
    await evaluated(await prepared(session))
    session.apply(want.UsePack(pack=pack(prompt="Otherwise.")))
    async with launch() as pilot:
        wizard_of(pilot).go("eval")
        await on_step(pilot, "eval")
        assert "new baseline" in " ".join(screen_text(pilot.app).split())
        await evaluated(session)
        assert "Earlier" in screen_text(pilot.app) and "PASSED, 5 of 5 passed, other cases" in screen_text(pilot.app)
