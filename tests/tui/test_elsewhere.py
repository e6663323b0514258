"""Notebook, export and private documents in the wizard: out and back by keys, and reached from step 9."""

from __future__ import annotations

from pathlib import Path

import pytest
from steering import Launch, on_step, screen_text, status, wait_until, walk_to, wizard_of
from textual.widgets import Input, OptionList

from weighbridge.domain.intents import Answer, Confirm
from weighbridge.domain.packet import completeness
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.session import Session
from weighbridge.session.notebook import importing as notebook_import
from weighbridge.session.notebook import writing as notebook
from weighbridge.session.packets import exporting
from weighbridge.tui.screens.dialogs.ask import AskLine
from weighbridge.tui.screens.dialogs.choose import Choose
from weighbridge.tui.screens.dialogs.exported import ExportedScreen


async def test_a_notebook_goes_out_and_what_ran_comes_back(
    launch: Launch, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(session: Session, path: Path, gpu: str = "") -> None:
        path.write_text("{}")

    async def take(session: Session, file: Path, link: str = "") -> Run:
        if file.name != "ran.ipynb":
            raise BadInput(f"{file.name} is no notebook that ran.", "Run it first.")
        facts = NotebookRuntime(runtime_type="Colab, T4", boot_id="a", boot_id_end="b")
        return session.keep(session.run.model_copy(update={"notebook": facts}))

    monkeypatch.setattr(notebook, "write_notebook", write)
    monkeypatch.setattr(notebook_import, "import_evidence", take)
    session.apply(Answer(field="available_route", value="free_colab"))
    async with launch(size=(160, 40)) as pilot:
        app = wizard_of(pilot)
        await walk_to(pilot, "runtime")
        assert "the file that f3 wrote" in " ".join(screen_text(app).split())
        await pilot.press("f3")
        await wait_until(pilot, "the name", lambda: isinstance(app.screen, AskLine))
        app.screen.query_one("#line", Input).value = "mine.ipynb"
        await pilot.press("enter")
        await wait_until(pilot, "it is written", lambda: status(pilot).startswith("Written: mine.ipynb"))
        assert Path("mine.ipynb").is_file() and "take mine.ipynb" in " ".join(screen_text(app).split())
        for name, says in (
            ("other.ipynb", "! other.ipynb is no notebook that ran."),
            ("ran.ipynb", "It is taken back"),
        ):
            await pilot.press("f4")
            await wait_until(pilot, "the file", lambda: isinstance(app.screen, AskLine))
            app.screen.query_one("#line", Input).value = name
            await pilot.press("enter")
            await wait_until(pilot, says, lambda says=says: status(pilot).startswith(says))  # type: ignore[misc]
        assert "Colab, T4" in screen_text(app) and "! Reset" in screen_text(app)
        assert "planned" not in app.screen.query_one("#title").render().plain  # type: ignore[union-attr]


async def test_an_export_is_shown_and_written(
    launch: Launch, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def exported(session: Session, form: str) -> str:
        return f"name: [bold]{form}[/bold]\n"

    monkeypatch.setattr(exporting, "exported", exported)
    session.apply(Answer(field="available_route", value="rented_gpu"))
    async with launch() as pilot:
        app = wizard_of(pilot)
        await walk_to(pilot, "runtime")
        await pilot.press("f5")
        await wait_until(pilot, "the formats", lambda: isinstance(app.screen, Choose))
        assert "SGLang" not in screen_text(app) and "Ollama" in screen_text(app), "the model is one GGUF file"
        await pilot.press("enter")
        await wait_until(pilot, "the text", lambda: isinstance(app.screen, ExportedScreen))
        await wait_until(pilot, "it is drawn", lambda: "[bold]llama-server[/bold]" in screen_text(app))
        await pilot.press("enter")
        await wait_until(pilot, "it is written", lambda: "Written: weighbridge.sh" in screen_text(app))
        assert Path("weighbridge.sh").read_text() == "name: [bold]llama-server[/bold]\n"


async def test_private_documents_ask_for_three_lines_and_step_nine_leads_to_each(
    launch: Launch, session: Session
) -> None:
    session.apply(Answer(field="privacy", value="private_docs"))
    for step in ("constraints", "route", "model"):
        await session.choose_model("bundled")
        session.apply(Confirm(step=step))
    async with launch() as pilot:
        app = wizard_of(pilot)
        app.go("packet")
        screen = await on_step(pilot, "packet")
        at = [item.id for item in completeness(session.run)].index("source-trace")
        screen.query_one("#items", OptionList).highlighted = at
        await pilot.press("enter")
        screen = await on_step(pilot, "runtime")
        field = screen.query_one("#plan-source_trace", Input)
        await wait_until(pilot, "its line has the focus", lambda: field.has_focus)
        await pilot.press(*"page and line", "enter")
        assert session.run.plan.source_trace == "page and line"
