"""The plan for another tool: a format is picked, its text shown, and written to a file by a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weighbridge.domain.problems import Problem
from weighbridge.tui.screens.dialogs.choose import Choose
from weighbridge.tui.screens.dialogs.exported import ExportedScreen
from weighbridge.tui.widgets.status_line import Notice

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp

WHAT = {
    "skypilot": "SkyPilot: a task file for many clouds, with a cap and a hard stop",
    "dstack": "dstack: a task file, with a cap and a hard stop",
    "vllm": "vLLM: the command that serves it",
    "sglang": "SGLang: the command that serves it",
    "llama-server": "llama-server: the command that serves a GGUF file",
    "ollama": "Ollama: the commands that fetch and run it",
    "transformers": "transformers serve: the command that serves it",
}
"""What each format is, by its name in the session; one that is not here is shown by its name."""


def export(app: WeighbridgeApp) -> None:
    """Asks for the format, of those whose tool can take the model, then shows what it gives."""
    from weighbridge.session.packets import exporting

    def picked(name: str | None) -> None:
        if name is not None:
            app.run_worker(_show(app, name), group="export", exclusive=True)

    try:
        rows = {name: WHAT.get(name, name) for name in exporting.formats_for(app.session.run)}
    except Problem as problem:
        app.tell(Notice.of(problem))
        return
    app.push_screen(Choose("The plan of this run, for which tool?", rows), picked)


async def _show(app: WeighbridgeApp, name: str) -> None:
    """The Hub may be asked for the model's size first; the step stays usable meanwhile."""
    from weighbridge.session.packets import exporting

    shown = app.screen
    app.tell(Notice("Writing the export: the Hub may be asked for the model's size."))
    try:
        text = await exporting.exported(app.session, name)
    except Problem as problem:
        app.tell(Notice.of(problem))
        return
    app.tell(None)
    if app.screen is shown:
        app.push_screen(ExportedScreen(name, text))
