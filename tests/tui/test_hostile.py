"""Text from outside is text: no markup, no escape, no turned direction, wherever it is shown."""

from __future__ import annotations

from fakes import Script
from steering import Launch, on_step, run_job, screen_text, walk_to, wizard_of

from weighbridge.domain.facts import declared
from weighbridge.session import Session

HOSTILE = "[@click=app.quit]press[/] \x1b[31m\x1b]0;owned\x07 \u202eabc\u202c [bold"
MARKS = ("\x1b", "\x07", "\u202e", "\u202c")


def assert_inert(app: object) -> None:
    """The words are there as they were written, and nothing of what would steer a terminal."""
    shown = screen_text(app)
    assert "[@click=app.quit]" in shown, shown
    assert not any(mark in shown for mark in MARKS)


async def test_model_output_is_inert_in_proof_and_eval(launch: Launch, script: Script) -> None:
    script.answer = lambda request: HOSTILE
    async with launch() as pilot:
        await walk_to(pilot, "proof")
        await run_job(pilot)
        assert_inert(pilot.app)
        await pilot.click("#answer", offset=(5, 3))
        await pilot.press("ctrl+n")
        await on_step(pilot, "eval")
        await run_job(pilot)
        assert_inert(pilot.app)
        await pilot.press("down", "down")
        assert_inert(pilot.app)
        assert wizard_of(pilot).return_value is None, "nothing that the model said was obeyed"


async def test_card_facts_and_names_of_a_file_are_inert(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "card")
        run = session.run
        assert run.declared is not None and run.model is not None
        facts = run.declared.model_copy(update={"licence": declared(HOSTILE, HOSTILE)})
        model = run.model.model_copy(update={"name": HOSTILE, "source": HOSTILE, "repo": HOSTILE})
        session.keep(run.model_copy(update={"declared": facts, "model": model}))
        await pilot.pause()
        assert_inert(pilot.app)
        for step in ("model", "packet"):
            wizard_of(pilot).go(step)
            await on_step(pilot, step)
            assert_inert(pilot.app)


async def test_what_the_person_types_is_inert(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "decision")
        screen = wizard_of(pilot).screen
        screen.query_one("#choices").focus()
        await pilot.press("end", "enter")
        screen.query_one("#reason").focus()
        await pilot.press(*"[@click=app.quit]x[/]", "enter", "ctrl+n")
        await on_step(pilot, "packet")
        await pilot.press(*["down"] * 8)
        assert "[@click=app.quit]x[/]" in screen_text(pilot.app)
        assert session.run.verdict is not None
