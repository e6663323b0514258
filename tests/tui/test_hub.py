"""From words to one pinned file of the Hub, by keyboard; and what the Hub refuses keeps the wizard up."""

from __future__ import annotations

import re

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile
from gguf_craft import craft_file
from hub_steps import FIRST, TINY, ask, opened, settled
from steering import Launch, on_step, screen_text, shown_step, status, wait_until, wizard_of
from textual.pilot import Pilot
from textual.widgets import Input

from weighbridge.domain.intents import Answer, Confirm
from weighbridge.session import Session
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.widgets.status_line import StatusLine

LONG = "acme/an-endless-name-of-a-repository-that-nobody-would-ever-type-by-hand-Instruct"


def is_whole(pilot: Pilot[int]) -> bool:
    """Whether the status line is high enough for all that it says."""
    line = pilot.app.screen.query_one(StatusLine)
    return line.size.height > 0 and line.content_size.height >= line.get_content_height(
        line.content_size, pilot.app.size, line.content_size.width
    )


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_words_lead_to_one_pinned_file(
    launch: Launch, session: Session, hub: FakeHub, size: tuple[int, int]
) -> None:
    async with launch(size=size) as pilot:
        await on_step(pilot, "model")
        await ask(pilot, "tiny")
        shown = await opened(pilot, "repos")
        assert "1 repository for “tiny”" in shown and "cc-by-nc-4.0" in shown
        assert "12.3k" in shown and "45 likes" in shown and "2025-02" in shown
        await pilot.press("enter")
        shown = await opened(pilot, "files")
        assert "★ Q4_K_M" in shown and "✓ fits" in shown and "Q8_0" in shown and hub.repos[TINY].sha[:10] in shown
        assert max(map(len, shown.splitlines())) <= size[0]
        await pilot.press("ctrl+n")
        await on_step(pilot, "card")
        model = session.run.model
        assert model is not None and (model.kind, model.repo, model.file_name) == ("hub", TINY, FIRST)
        assert model.revision == hub.repos[TINY].sha and model.to_download


async def test_escape_goes_back_one_level_each_time(launch: Launch, session: Session, hub: FakeHub) -> None:
    async with launch() as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        await ask(pilot, "tiny")
        await opened(pilot, "repos")
        await pilot.press("enter")
        await opened(pilot, "files")
        await pilot.press("escape")
        await opened(pilot, "repos")
        await pilot.press("escape")
        shown = await opened(pilot, "")
        assert "SmolLM2-135M-Instruct" in shown, "the model of the run is still the bundled one"
        assert pilot.app.focused is pilot.app.screen.query_one("#spec")


async def test_limits_are_typed_among_the_words_or_changed_by_a_key(launch: Launch, hub: FakeHub) -> None:
    async with launch() as pilot:
        await on_step(pilot, "model")
        await ask(pilot, "acme gated:no sort:likes")
        shown = await opened(pilot, "repos")
        assert "by likes" in shown and "not gated" in shown and "gated-GGUF" not in shown
        await pilot.press("g")
        await wait_until(pilot, "gated ones", lambda: "acme/gated-GGUF  ! gated" in screen_text(pilot.app))
        await pilot.press("l", *"mit", "enter")
        await wait_until(pilot, "none left", lambda: "Nothing was found for “acme”" in screen_text(pilot.app))
        await ask(pilot, "acme size:huge")
        assert status(pilot).startswith("! “size:huge” is no count of weights.")


REFUSED = {
    "acme/absent": "acme/absent",
    "acme/no-models": "no GGUF",
    "https://huggingface.co/datasets/acme/q": "dataset",
    f"{TINY}@nothing": "nothing",
    f"{TINY}:absent.gguf": "absent.gguf",
    "acme/gated-GGUF:gated.Q4_0.gguf": "gated",
}


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_what_cannot_be_had_is_one_sentence_in_full(
    launch: Launch, session: Session, hub: FakeHub, size: tuple[int, int]
) -> None:
    async with launch(size=size) as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        kept = session.run.model
        for line, said in REFUSED.items():
            await ask(pilot, line)
            await wait_until(pilot, f"the sentence for {line}", lambda: status(pilot).startswith("! "))
            assert said in status(pilot) and "unforeseen" not in status(pilot)
            assert session.run.model == kept and shown_step(pilot) == "model"
            await wait_until(pilot, f"the last word for {line}", lambda: is_whole(pilot))


async def test_next_takes_no_file_of_a_list_that_answers_another_line(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    async with launch() as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        await ask(pilot, TINY)
        await opened(pilot, "files")
        await pilot.press("ctrl+f")
        pilot.app.screen.query_one("#spec", Input).value = "acme/other-GGUF"
        await pilot.press("ctrl+n")
        await settled(pilot)
        await wait_until(pilot, "what was typed is shown", lambda: "acme/other-GGUF @ " in screen_text(pilot.app))
        assert session.run.model is not None and session.run.model.kind == "bundled"
        assert shown_step(pilot) == "model"


async def test_a_search_that_was_overtaken_is_dropped(launch: Launch, hub: FakeHub) -> None:
    async with launch() as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        slow = hub.fault(r"search=other", stall_before=True)
        await pilot.press("ctrl+f")
        pilot.app.screen.query_one("#spec", Input).value = "other"
        await pilot.press("enter")
        await wait_until(pilot, "the first is asked", slow.reached.is_set)
        assert "escape gives up" in screen_text(pilot.app)
        await ask(pilot, "tiny")
        await opened(pilot, "repos")
        slow.release.set()
        await wait_until(pilot, "the first is answered", lambda: len(hub.calls("search=")) == 2)
        assert TINY in screen_text(pilot.app) and "acme/other-GGUF" not in screen_text(pilot.app)


async def test_a_choice_that_was_given_up_leaves_the_model(launch: Launch, session: Session, hub: FakeHub) -> None:
    slow = hub.fault(r"resolve/.*gguf", stall_before=True)
    async with launch() as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        kept = session.run.model
        await pilot.press("ctrl+f")
        pilot.app.screen.query_one("#spec", Input).value = f"{TINY}:{FIRST}"
        await pilot.press("enter")
        await wait_until(pilot, "the header is asked", slow.reached.is_set)
        await pilot.press("escape")
        slow.release.set()
        await wait_until(pilot, "it was answered", lambda: hub.bytes_sent(r"gguf") > 0)
        await ask(pilot, "tiny")
        await opened(pilot, "repos")
        assert session.run.model == kept


async def test_where_ranges_are_refused_the_whole_file_comes_after_a_yes(
    launch: Launch, session: Session, hub: FakeHub
) -> None:
    hub.fault(r"resolve/.*gguf", ignore_range=True)
    async with launch() as pilot:
        await on_step(pilot, "model")
        await ask(pilot, TINY)
        await opened(pilot, "files")
        await pilot.press("enter")
        await wait_until(pilot, "the question", lambda: isinstance(pilot.app.screen, Ask))
        assert "Fetch the whole file" in screen_text(pilot.app)
        await pilot.press("tab", "enter")
        await wait_until(pilot, "the file", lambda: bool(session.run.model and session.run.model.kind == "hub"))
        assert session.run.model is not None and not session.run.model.to_download


async def test_a_repository_is_shown_again_without_network(launch: Launch, session: Session, hub: FakeHub) -> None:
    async with launch() as pilot:
        await on_step(pilot, "model")
        await ask(pilot, TINY)
        await opened(pilot, "files")
        hub.stop()
        await ask(pilot, TINY)
        await wait_until(pilot, "the kept answer", lambda: "kept, as of" in screen_text(pilot.app))
        await ask(pilot, "tiny")
        await wait_until(pilot, "the sentence", lambda: status(pilot).startswith("! "))
        assert wizard_of(pilot).step_screen is not None


async def test_a_plan_pins_a_repository_or_keeps_its_bare_name(launch: Launch, session: Session, hub: FakeHub) -> None:
    session.apply(Answer(field="available_route", value="rented_gpu"))
    session.apply(Confirm(step="constraints"))
    session.apply(Confirm(step="route"))
    async with launch() as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        await ask(pilot, "acme/no-models")
        model = session.run.model
        assert model is not None and (model.kind, model.revision) == ("hub", hub.repos["acme/no-models"].sha)
        hub.stop()
        await ask(pilot, "Qwen/Qwen2.5-7B-Instruct@main")
        model = session.run.model
        assert model is not None and (model.kind, model.repo) == ("named", "Qwen/Qwen2.5-7B-Instruct")
        assert "nothing was fetched" in screen_text(pilot.app)


@pytest.mark.parametrize("shown", ["", "repos"])
async def test_words_typed_right_behind_the_key_are_searched_for(launch: Launch, hub: FakeHub, shown: str) -> None:
    async with launch() as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        if shown:
            await ask(pilot, "acme")
            await opened(pilot, "repos")
        for key in ["ctrl+f", "ctrl+a", "ctrl+k", *"tiny", "enter"]:
            wizard_of(pilot).simulate_key(key)
        await wait_until(pilot, "what was typed is found", lambda: "for “tiny”" in screen_text(pilot.app))


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_the_reason_of_a_file_with_a_long_name_is_seen_to_its_end(
    launch: Launch, hub: FakeHub, size: tuple[int, int]
) -> None:
    hub.add(LONG, {f"{'an-endless-folder/'}{'and-an-endless-name-' * 4}v1.gguf": FakeFile(craft_file())})
    async with launch(size=size) as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        await ask(pilot, LONG)
        shown = await opened(pilot, "files")
        assert "advised" in shown and "its quantization" in shown
        await wait_until(pilot, "its end", lambda: screen_text(pilot.app).rpartition("★")[2].count("fits.") == 1)


async def test_the_list_says_that_more_may_be_found_and_keeps_the_end_of_long_names(
    launch: Launch, hub: FakeHub
) -> None:
    for number in range(25):
        hub.add(f"{LONG}-{number:02}-GGUF", {"x.Q4_0.gguf": FakeFile(craft_file())})
    async with launch() as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        await ask(pilot, "endless")
        shown = await opened(pilot, "repos")
        assert "The first 20 repositories for “endless”" in shown
        assert re.search(r"acme/.*….*-\d\d-GGUF", shown)


async def test_what_is_said_beside_an_empty_line_or_an_empty_answer(launch: Launch, hub: FakeHub) -> None:
    async with launch() as pilot:
        await on_step(pilot, "model")
        await settled(pilot)
        await pilot.press("ctrl+f")
        await wait_until(pilot, "the hint", lambda: "stays the model until another is read" in status(pilot))
        await ask(pilot, "nothing-like-this")
        await opened(pilot, "repos")
        assert "opens a repository" not in status(pilot)
        await pilot.press("ctrl+n")
        assert "Search with other words" in status(pilot)
