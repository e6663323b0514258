"""Step 5 on this machine: settings, the forecast that follows from them, the download, and the command."""

from __future__ import annotations

import shlex

from textual.app import ComposeResult
from textual.widgets import Static

from weighbridge.domain import flow
from weighbridge.domain.proof.disk import proof_need
from weighbridge.domain.run import Run
from weighbridge.session.packets.command import prove_command
from weighbridge.tui.screens.parts.part import Part
from weighbridge.tui.screens.parts.settings import MORE, SETTINGS, own_settings, setting_rows
from weighbridge.tui.widgets.sheet import Row, Sheet
from weighbridge.tui.widgets.transfer_bar import TransferBar
from weighbridge.tui.words.forecast import file_rows, forecast_rows, refusal_rows


class LocalPart(Part):
    """Every setting shows what it means; the forecast follows at once."""

    def compose(self) -> ComposeResult:
        for group, settings in (("basic", SETTINGS), ("more", MORE)):
            yield from setting_rows(self._at_start, settings, group)
        yield Static(id="folded", markup=False)
        yield TransferBar("asking the Hub", id="loading")
        yield Sheet(id="forecast")

    def fold(self, more: bool) -> None:
        """The other settings in place of these."""
        self._say_folded(self.wizard.session.run, more)
        self.query_one("#set-n_threads_batch" if more else "#set-n_ctx").focus()

    def _say_folded(self, run: Run, more: bool) -> None:
        """What the settings that are not shown are set to, where that is not the default."""
        hidden = SETTINGS if more else MORE
        own = own_settings(run, hidden)
        words = f" ({', '.join(own)})" if own else ", all as preset"
        self.query_one("#folded", Static).update(f"f2: {len(hidden)} other settings{words}")

    def draw(self, run: Run) -> None:
        session, jobs = self.wizard.session, self.wizard.jobs.model
        jobs.weigh_if_due(run)
        have = 0 if jobs.loading else session.part_bytes()
        rows = list(file_rows(run.model, run.forecast, jobs.loading is not None, have)) if run.model else []
        if run.forecast:
            rows += [*forecast_rows(run.forecast, jobs.weighing), *refusal_rows(run)]
        runs = [Row("Engine", run.machine.engine)]
        if run.model:
            runs.append(Row("Proof", proof_need(run.settings, run.prompt).sentence))
            runs.append(Row("Command", shlex.join(prove_command(run)), "muted"))
        self.query_one("#forecast", Sheet).show([*rows, Row(""), *runs])
        self._say_folded(run, self.screen.has_class("-more"))

    def tick(self) -> None:
        self.query_one(TransferBar).show(self.wizard.jobs.model.loading)

    def hint(self, run: Run) -> str:
        if self.wizard.jobs.model.loading:
            return "escape stops the download. Leaving does not."
        if flow.missing(run, "runtime") and run.model is not None and run.model.to_download:
            return "ctrl+d downloads the model. Enter saves a setting."
        return "Enter saves a setting; the forecast follows."
