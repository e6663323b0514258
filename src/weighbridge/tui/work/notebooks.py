"""The notebook of a run: where it is written, and from where what ran in it is taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from weighbridge.domain.text import clean_line
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.screens.parts.notebook import default_name
from weighbridge.tui.widgets.status_line import Notice

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp

TAKE = "Which file came back? The notebook as it ran (.ipynb), or the packet that it left (.zip or folder)."


def write(app: WeighbridgeApp) -> None:
    """Asks for the file's name; a file that is there already is replaced only after a yes."""

    def answered(typed: str | None) -> None:
        if typed:
            path = Path(typed).expanduser()
            if path.exists():
                question = f"{clean_line(str(path), 200)} exists already. Replace it?"
                app.push_screen(Ask(question, "Replace it", "Keep it"), lambda yes: _write(app, path) if yes else None)
            else:
                _write(app, path)

    name = default_name(app.session.run)
    app.push_screen(AskLine("Where does the notebook go?", name, "Enter writes it", name), answered)


def _write(app: WeighbridgeApp, path: Path) -> None:
    app.tell(Notice("Writing the notebook."))
    app.jobs.write_notebook(path)


def take(app: WeighbridgeApp) -> None:
    """Asks for the file, and takes what it holds into the run."""

    def answered(typed: str | None) -> None:
        if typed:
            app.jobs.take_back(Path(typed).expanduser(), app.session.run.plan.notebook_link)

    app.push_screen(AskLine(TAKE, "path of the file", "Enter takes it back"), answered)
