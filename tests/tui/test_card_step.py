"""The card beside its facts: places, hostile text, the licence and its gate."""

from __future__ import annotations

import re

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile
from gguf_craft import craft_file
from hub_steps import FIRST, TINY, open_at
from steering import Launch, on_step, screen_text, shown_step, status, wait_until, walk_to, wizard_of
from textual.app import App

from weighbridge.domain.intents import Answer
from weighbridge.session import Session
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.widgets.card_text import CardText


async def test_enter_on_a_fact_marks_its_place_in_the_card(launch: Launch, session: Session, hub: FakeHub) -> None:
    await open_at(session, "card")
    async with launch() as pilot:
        await on_step(pilot, "card")
        viewer = pilot.app.screen.query_one(CardText)
        await pilot.press("enter")
        assert "▸ license: cc-by-nc-4.0" in screen_text(pilot.app) and viewer.target == 2
        await pilot.press("end", "up", "enter")
        shown = screen_text(pilot.app)
        assert "▸ It knows eight words." in shown or "▸ ## Limitations" in shown
        assert "heading 'Limitations'" in shown and "as of 2" in shown
        await pilot.press("up", "enter")
        assert "no place for it" in status(pilot)
        assert pilot.app.focused is pilot.app.screen.query_one("#type-out_of_scope_use")


async def test_at_the_floor_the_card_comes_over_the_facts_and_goes_again(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    await open_at(session, "card")
    async with launch(size=(60, 20)) as pilot:
        await on_step(pilot, "card")
        assert "Licence" in screen_text(pilot.app) and "README.md" not in screen_text(pilot.app)
        await pilot.press("enter")
        await wait_until(pilot, "the card", lambda: "▸ license: cc-by-nc-4.0" in screen_text(pilot.app))
        assert "Context length" not in screen_text(pilot.app)
        await pilot.press("escape")
        await wait_until(pilot, "the facts", lambda: "Context length" in screen_text(pilot.app))
        await pilot.press("f2")
        await wait_until(pilot, "the card", lambda: "README.md" in screen_text(pilot.app))


async def test_a_hostile_card_is_text_and_does_nothing(launch: Launch, session: Session, hub: FakeHub) -> None:
    await open_at(session, "card")
    async with launch() as pilot:
        await on_step(pilot, "card")
        await pilot.press("f2")
        await wait_until(pilot, "the card alone", lambda: "[@click=app.quit]press[/]" in screen_text(pilot.app))
        shown = screen_text(pilot.app)
        assert "\x1b" not in shown and "\u202e" not in shown and "␛[31m" in shown
        row = next(at for at, line in enumerate(shown.splitlines()) if "@click" in line)
        await pilot.click(offset=(shown.splitlines()[row].index("press") + 1, row))
        assert wizard_of(pilot).return_value is None and shown_step(pilot) == "card"


async def test_a_commercial_use_is_refused_until_it_is_accepted_on_record(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    session.apply(Answer(field="commercial_use", value=True))
    await open_at(session, "card")
    async with launch() as pilot:
        await on_step(pilot, "card")
        assert "! refused" in screen_text(pilot.app)
        await pilot.press("ctrl+n")
        assert shown_step(pilot) == "card" and status(pilot).startswith("! Commercial use is stated")
        assert "ctrl+o to accept the risk" in status(pilot) and "way out" in screen_text(pilot.app)
        await pilot.press("ctrl+o")
        await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, AskLine))
        await pilot.press(*"they agreed", "enter")
        await wait_until(pilot, "the override", lambda: bool(session.run.overrides))
        assert session.run.overrides[-1].reason == "they agreed"
        await pilot.press("ctrl+n")
        await on_step(pilot, "runtime")


async def test_typing_the_licence_changes_what_it_allows(launch: Launch, session: Session, hub: FakeHub) -> None:
    await open_at(session, "card")
    async with launch() as pilot:
        await on_step(pilot, "card")
        await pilot.press("tab", *"mit", "enter")
        await wait_until(pilot, "typed", lambda: bool(session.run.card and session.run.card.licence.status == "typed"))
        assert session.run.licence is not None and session.run.licence.licence_class == "permissive"
        assert "mit" in screen_text(pilot.app) and "typed" in screen_text(pilot.app)


async def test_a_link_is_shown_and_opened_only_after_a_yes_and_only_where_it_is_https(
    launch: Launch, session: Session, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[str] = []
    monkeypatch.setattr(App, "open_url", lambda self, url, new_tab=True: went.append(url))
    await open_at(session, "card")
    async with launch() as pilot:
        await on_step(pilot, "card")
        assert session.run.licence is not None
        link = session.run.licence.link
        for answer in (["enter"], ["tab", "enter"]):
            assert went == []
            await pilot.press("f3")
            await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, Ask))
            assert link[:40] in screen_text(pilot.app)
            await pilot.press(*answer)
            await on_step(pilot, "card")
        await wait_until(pilot, "the browser", lambda: went == [link])
        note = session.run.licence.model_copy(update={"link": "file:///etc/passwd"})
        session.keep(session.run.model_copy(update={"licence": note}))
        await pilot.press("f3")
        await wait_until(pilot, "the sentence", lambda: "not https" in status(pilot))
        assert len(went) == 1


async def test_a_model_without_a_card_says_so(launch: Launch) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "card")
        assert "no model card here" in screen_text(pilot.app) and "README" not in screen_text(pilot.app)


async def test_a_resize_keeps_what_is_read_and_scrolling_away_takes_the_notice_back(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    lines = "\n\n".join(f"Paragraph {number} {'goes on and on ' * 12}" for number in range(60))
    hub.repos[TINY].commit({FIRST: FakeFile(craft_file()), "README.md": f"---\nlicense: mit\n---\n{lines}\n"})
    await open_at(session, "card")
    async with launch(size=(80, 30)) as pilot:
        await on_step(pilot, "card")
        viewer = pilot.app.screen.query_one(CardText)
        await pilot.press("f2", "escape", "enter", "f2")
        await wait_until(pilot, "the place", lambda: viewer.target == 2 and "▸ license" in screen_text(pilot.app))
        assert "Line 2 of the card" in status(pilot)
        await pilot.resize_terminal(100, 30)
        await wait_until(pilot, "the place", lambda: "▸ license" in screen_text(pilot.app))
        await pilot.press("end")
        await wait_until(pilot, "the end", lambda: "Paragraph 59" in screen_text(pilot.app))
        assert "Line 2" not in status(pilot)
        await pilot.press("pageup")
        await pilot.pause()
        await wait_until(pilot, "above the end", lambda: "Paragraph 59" not in screen_text(pilot.app))
        at_top = re.findall(r"Paragraph (\d+)", screen_text(pilot.app))[0]
        await pilot.resize_terminal(76, 30)
        await wait_until(pilot, "other rows", lambda: viewer.size.width < 74)
        await wait_until(pilot, "what was read", lambda: f"Paragraph {at_top}" in screen_text(pilot.app))
        assert "▸ license" not in screen_text(pilot.app)
