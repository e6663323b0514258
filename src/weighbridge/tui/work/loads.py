"""The load test of a server: opened where one answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weighbridge.tui.widgets.status_line import Notice

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp


def show_load(app: WeighbridgeApp) -> None:
    """Opens the screen of the load test; while a job asks the server, its figures would be of both."""
    from weighbridge.tui.screens.dialogs.load import LoadScreen

    if app.session.run.target is None:
        app.tell(Notice("No server answers for this model.", "A load test asks one in step 3.", "problem"))
    elif app.jobs.running:
        app.tell(Notice(f"The {app.jobs.running} is running.", "Let it end, or stop it with escape.", "problem"))
    else:
        app.push_screen(LoadScreen(app.session))
