"""Choosing a model: by itself, from a file, from the picker; a bad file keeps the wizard up."""

from __future__ import annotations

from pathlib import Path

from steering import Launch, on_step, screen_text, shown_step, status, wait_until, walk_to, wizard_of
from textual.pilot import Pilot
from textual.widgets import DirectoryTree, Input, RadioSet

from weighbridge.domain.intents import Answer
from weighbridge.session import Session
from weighbridge.tui.screens.dialogs.picker import FilePicker, GgufTree


async def choose(pilot: Pilot[int], kind: int, spec: str) -> None:
    """Takes the radio button and types the path or the name."""
    screen = wizard_of(pilot).screen
    radios = screen.query_one("#kind", RadioSet)
    if radios.pressed_index != kind:
        radios.focus()
        await pilot.press(*["down"] * (kind - radios.pressed_index), "enter")
    entry = screen.query_one("#spec", Input)
    await wait_until(pilot, "the line has the focus", lambda: entry.has_focus)
    entry.value = spec
    await pilot.press("enter")
    await wait_until(pilot, "it was read", lambda: wizard_of(pilot).jobs.model.reading is None)


async def test_the_bundled_model_chooses_itself_and_next_waits_for_it(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "route")
        await pilot.press("ctrl+n", "ctrl+n")
        await on_step(pilot, "card")
        assert session.run.model is not None and len(session.run.model.sha256) == 64


async def test_bad_files_are_one_sentence_and_the_wizard_stays(
    launch: Launch, session: Session, tmp_path: Path
) -> None:
    png, empty = tmp_path / "a.gguf", tmp_path / "empty.gguf"
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    empty.touch()
    async with launch() as pilot:
        await walk_to(pilot, "model")
        await wait_until(pilot, "the bundled model", lambda: session.run.model is not None)
        kept = session.run.model
        for place in (png, empty, tmp_path, tmp_path / "none.gguf"):
            await choose(pilot, 1, str(place))
            said = status(pilot)
            assert said.startswith("! ") and said.count("Traceback") == 0, (place, said)
            assert session.run.model == kept and shown_step(pilot) == "model"


async def test_next_does_not_take_another_model_than_the_radio_says(launch: Launch, session: Session) -> None:
    async with launch() as pilot:
        screen = await walk_to(pilot, "model")
        await wait_until(pilot, "the bundled model", lambda: session.run.model is not None)
        screen.query_one("#kind").focus()
        await pilot.press("down", "enter", "ctrl+n")
        assert shown_step(pilot) == "model" and "its path is missing" in status(pilot)


async def test_a_file_is_shown_with_its_digest(
    launch: Launch, session: Session, bundled_path: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "my model [bold].gguf"
    copy.symlink_to(bundled_path)
    async with launch() as pilot:
        await walk_to(pilot, "model")
        await choose(pilot, 1, str(copy))
        model = session.run.model
        assert model is not None and model.kind == "file"
        shown = screen_text(pilot.app)
        assert "my model [bold].gguf" in shown and model.sha256[:40] in shown and "94 MiB" in shown


async def test_the_picker_shows_folders_and_gguf_files_only(launch: Launch, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    (folder / "deeper").mkdir(parents=True)
    for name in ("a.gguf", "b.txt", ".hidden.gguf", "[red]c.gguf"):
        (folder / name).write_bytes(b"no model")
    async with launch() as pilot:
        app = wizard_of(pilot)
        picked: list[str | None] = []
        app.push_screen(FilePicker(str(folder)), picked.append)
        await wait_until(pilot, "the tree", lambda: "a.gguf" in screen_text(app))
        shown = screen_text(app)
        assert "deeper" in shown and "[red]c.gguf" in shown
        assert "b.txt" not in shown and "hidden" not in shown
        tree = app.screen.query_one(GgufTree)
        assert isinstance(tree, DirectoryTree)
        await pilot.press("end", "enter")
        await wait_until(pilot, "the choice", lambda: bool(picked))
        assert picked[0] in (str(folder / "a.gguf"), str(folder / "[red]c.gguf"))


async def test_a_plan_names_a_repository(launch: Launch, session: Session) -> None:
    session.apply(Answer(field="available_route", value="rented_gpu"))
    async with launch() as pilot:
        await walk_to(pilot, "model")
        await choose(pilot, 2, "Qwen/Qwen2.5-7B-Instruct@main")
        model = session.run.model
        assert model is not None and (model.kind, model.repo) == ("named", "Qwen/Qwen2.5-7B-Instruct")
        assert "nothing was fetched" in screen_text(pilot.app)


async def test_a_model_that_does_not_fit_is_refused_and_can_be_accepted_on_record(
    launch: Launch, session: Session
) -> None:
    async with launch() as pilot:
        await walk_to(pilot, "runtime")
        forecast = session.run.forecast
        assert forecast is not None
        tight = forecast.model_copy(update={"verdict": "does_not_fit", "available_bytes": 100 * 2**20})
        session.keep(session.run.model_copy(update={"forecast": tight}))
        await pilot.press("ctrl+n")
        assert shown_step(pilot) == "runtime" and "100 MiB are available" in status(pilot)
        assert "refused" in screen_text(pilot.app)
        await pilot.press("ctrl+o")
        await pilot.press(*"swap is fine", "enter")
        await wait_until(pilot, "the override", lambda: session.run.memory_override is not None)
        override = session.run.memory_override
        assert override is not None and override.reason == "swap is fine"
        await pilot.press("ctrl+n")
        await on_step(pilot, "proof")
