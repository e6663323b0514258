"""The cases in the wizard: the list, the form, a try, an import and a save, at both sizes."""

from __future__ import annotations

import re
from pathlib import Path

from fakes import Script
from steering import Launch, on_step, screen_text, wait_until, wizard_of
from textual.pilot import Pilot
from textual.widgets import Input

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.domain.verdict.grader_words import kinds, parsed
from weighbridge.services.cases.packs import load_pack
from weighbridge.session import Session
from weighbridge.tui.screens.beside.case_edit import CaseEdit
from weighbridge.tui.screens.beside.cases import CasesScreen
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.screens.dialogs.case_try import CaseTry
from weighbridge.tui.screens.dialogs.choose import Choose
from weighbridge.tui.screens.dialogs.help_page import HelpScreen, help_text


async def shown(pilot: Pilot[int], kind: type[object]) -> None:
    """Waits until a screen of a kind is there and drawn."""
    await wait_until(pilot, kind.__name__, lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.is_mounted)


async def open_cases(pilot: Pilot[int]) -> None:
    """The list of cases, by its key on the step Eval."""
    wizard_of(pilot).go("eval")
    await on_step(pilot, "eval")
    await pilot.press("e")
    await shown(pilot, CasesScreen)


async def typed(pilot: Pilot[int], text: str) -> None:
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")


def pack_of(session: Session) -> CasePack:
    assert session.run.pack is not None
    return session.run.pack


async def test_a_case_is_added_and_marked_and_the_baseline_is_stale(
    launch: Launch, session: Session, small: CasePack
) -> None:
    await session.choose_model("bundled")
    session.apply(want.UsePack(pack=small))
    _ = [event async for event in session.evaluate()]
    assert flow.status(session.run, "eval") != "stale"
    async with launch() as pilot:
        await open_cases(pilot)
        assert "The eval on record is of these cases" in screen_text(pilot.app)
        await pilot.press("a")
        await shown(pilot, CaseEdit)
        await pilot.press("ctrl+s")
        assert "! An id has small Latin letters" in screen_text(pilot.app)
        await pilot.press(*"new", "tab", *"Why?", "tab", "tab", "tab", "tab", *"because", "ctrl+s")
        await shown(pilot, CasesScreen)
        assert pack_of(session).case[-1].prompt == "Why?"
        await pilot.press("m")
        assert pack_of(session).must_pass == ("new",)
        assert "! The eval on record is stale" in screen_text(pilot.app)
        await pilot.press("escape")
        await on_step(pilot, "eval")
        assert flow.status(session.run, "eval") == "stale" and "! stale" in screen_text(pilot.app)


async def test_cases_are_changed_disabled_moved_and_removed_on_a_small_screen(
    launch: Launch, session: Session, small: CasePack
) -> None:
    session.apply(want.UsePack(pack=small))
    async with launch(size=(60, 20)) as pilot:
        await open_cases(pilot)
        await pilot.press("down", "d", "plus")
        assert [case.id for case in pack_of(session).case[:3]] == ["case-1", "case-3", "case-2"]
        text = screen_text(pilot.app)
        assert "– off" in text and "escape: back" in text and "1 disabled" in text
        await pilot.press("home", "d")
        assert "at least 5" in screen_text(pilot.app) and len(pack_of(session).active) == 5
        await pilot.press("enter")
        await shown(pilot, CaseEdit)
        await pilot.press("tab", *"Now ", "escape")
        await shown(pilot, Ask)
        await pilot.press("escape")
        await shown(pilot, CaseEdit)
        await pilot.press("ctrl+s")
        await shown(pilot, CasesScreen)
        assert pack_of(session).case[0].prompt == "Now Is 1 a number?"
        await pilot.press("down", "down", "delete")
        await shown(pilot, Ask)
        await pilot.press("tab", "enter")
        await wait_until(pilot, "one case less", lambda: len(pack_of(session).case) == 5)
        assert "1 disabled" not in screen_text(pilot.app)


async def test_a_case_is_tried_a_data_set_imported_and_the_pack_saved(
    launch: Launch, session: Session, script: Script, small: CasePack, tmp_path: Path
) -> None:
    script.answer = lambda request: "yes, [bold]it is"
    await session.choose_model("bundled")
    session.apply(want.UsePack(pack=small))
    rows = "\n".join(f"q{n},Is {n} even?,yes" for n in range(5))
    (tmp_path / "in.csv").write_text(f"id,prompt,target\n{rows}\nq9,,x\n", encoding="utf-8")
    async with launch() as pilot:
        await open_cases(pilot)
        await pilot.press("t")
        await shown(pilot, CaseTry)
        await wait_until(pilot, "the mark", lambda: "Mark" in screen_text(pilot.app))
        text = screen_text(pilot.app)
        assert "yes, [bold]it is" in text and "pass: contains 'yes'" in text and "A rehearsal: nothing" in text
        assert session.run.evaluation is None and session.events() == ()
        await pilot.press("escape")
        await shown(pilot, CasesScreen)
        await pilot.press("i")
        await shown(pilot, AskLine)
        await typed(pilot, "in.csv")
        await shown(pilot, Ask)
        assert "5 rows taken, 1 refused" in screen_text(pilot.app) and "line 7: nothing is asked" in screen_text(
            pilot.app
        )
        await pilot.press("tab", "enter")
        await shown(pilot, Choose)
        await pilot.press("down", "enter")
        await shown(pilot, Ask)
        assert "The cases of small go from the run" in screen_text(pilot.app)
        await pilot.press("tab", "enter")
        await shown(pilot, CasesScreen)
        await wait_until(pilot, "the imported pack", lambda: pack_of(session).id == "in")
        await saved_and_replaced(pilot, session, tmp_path / "in.toml")


async def saved_and_replaced(pilot: Pilot[int], session: Session, path: Path) -> None:
    """The pack is saved, and then may go without a question."""
    await pilot.press("s")
    await shown(pilot, AskLine)
    assert pilot.app.screen.query_one(Input).value == "in.toml"
    await pilot.press("enter")
    await wait_until(pilot, "the saved file", lambda: "5 cases are in in.toml" in screen_text(pilot.app))
    assert load_pack(path) == pack_of(session)
    await pilot.press("p")
    await shown(pilot, Choose)
    await pilot.press("down", "enter")
    await wait_until(pilot, "the other pack", lambda: pack_of(session).id == "classification")


async def test_help_of_the_cases_has_an_example_of_every_grader_that_makes_one(
    launch: Launch, session: Session, small: CasePack
) -> None:
    session.apply(want.UsePack(pack=small))
    page = help_text("cases")
    examples = re.findall(r"^    Expects +(.+?)$((?:\n {10,}.+$)*)(?:\n    Options +(.+)$)?", page, re.MULTILINE)
    named = [kind for line in re.findall(r"^\*\*\w+\*\*.*$", page, re.MULTILINE) for kind in [line.split("**")[1]]]
    assert set(named) | {"any"} == set(kinds()) and len(named) == len(examples)
    for kind, (first, more, options) in zip(named, examples, strict=True):
        expected = "" if first == "(nothing)" else first + more
        assert parsed(kind, expected, options).kind == kind
    async with launch() as pilot:
        await open_cases(pilot)
        await pilot.press("f1")
        await shown(pilot, HelpScreen)
        await pilot.press("escape")
        await shown(pilot, CasesScreen)
        await pilot.press("a")
        await shown(pilot, CaseEdit)
        await pilot.press("f1")
        await shown(pilot, HelpScreen)
        assert "Cases" in screen_text(pilot.app)


async def test_a_form_is_not_quit_unasked_and_forgets_an_error_that_was_mended(
    launch: Launch, session: Session, small: CasePack
) -> None:
    session.apply(want.UsePack(pack=small))
    async with launch(size=(60, 20)) as pilot:
        await open_cases(pilot)
        assert "Expects" in screen_text(pilot.app)
        await pilot.press("a")
        await shown(pilot, CaseEdit)
        await pilot.press("ctrl+s")
        assert "! An id has small Latin letters" in screen_text(pilot.app)
        await pilot.press("x")
        await pilot.pause()
        text = screen_text(pilot.app)
        assert "An id has" not in text and "It is not saved" not in text and "Nothing is saved before" in text
        await pilot.press("ctrl+q")
        await shown(pilot, Ask)
        assert "What was typed here is not saved" in screen_text(pilot.app)
        await pilot.press("enter")
        await shown(pilot, CaseEdit)
        assert pilot.app.return_value is None


async def test_an_import_that_is_declined_says_so(
    launch: Launch, session: Session, small: CasePack, tmp_path: Path
) -> None:
    session.apply(want.UsePack(pack=small))
    rows = "\n".join(f"q{n},Is {n} even?,yes" for n in range(5))
    (tmp_path / "in.csv").write_text(f"id,prompt,target\n{rows}\n", encoding="utf-8")
    async with launch() as pilot:
        await open_cases(pilot)
        await pilot.press("i")
        await shown(pilot, AskLine)
        await typed(pilot, "in.csv")
        await shown(pilot, Choose)
        await pilot.press("escape")
        await shown(pilot, CasesScreen)
        await wait_until(pilot, "the answer", lambda: "Nothing was taken." in screen_text(pilot.app))
        assert pack_of(session) == small
