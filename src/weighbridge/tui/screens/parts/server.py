"""Step 5 for a model that a server answers for: what goes with each request; the rest is the server's own."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from textual.app import ComposeResult
from textual.widgets import Static

from weighbridge.domain.run import Run
from weighbridge.session.packets.command import prove_command
from weighbridge.tui.screens.parts.part import Part
from weighbridge.tui.screens.parts.settings import OF_A_SERVER, setting_rows, time_limit_row
from weighbridge.tui.widgets.sheet import Row, Sheet

NOT_OURS = "Context, threads, batch and KV cache are the server's own: it is not asked to change them."


def server_rows(run: Run) -> Iterator[Row]:
    """Where the requests go, and the same proof by one command."""
    target = run.target
    if target is None:
        return
    yield Row("Server", target.base_url or "is started for the proof, and stopped after it", "head")
    yield Row("Model", target.model)
    api = "Ollama's own API" if target.api == "ollama" else "OpenAI-compatible"
    yield Row("API", " · ".join(part for part in (api, target.engine) if part))
    yield Row("Memory", "as the server or its process tells it; no forecast is made for another machine", "muted")
    yield Row("Command", shlex.join(prove_command(run)), "muted")


class ServerPart(Part):
    """The settings that go with a request, and where it goes."""

    def compose(self) -> ComposeResult:
        yield from setting_rows(self._at_start, OF_A_SERVER)
        yield time_limit_row()
        yield Static(NOT_OURS, id="not-ours", markup=False)
        yield Sheet(id="forecast")

    def draw(self, run: Run) -> None:
        self.query_one("#forecast", Sheet).show(server_rows(run))

    def hint(self, run: Run) -> str:
        return "These go with each request. Enter saves a setting; ctrl+n goes on to the proof."
