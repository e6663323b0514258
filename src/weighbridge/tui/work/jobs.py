"""What runs for the whole wizard: the proof or eval, a packet that is written, and the work on the model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Literal

from textual.app import App
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from weighbridge.domain.proof.events import Attempt, Ended, Loaded, Prefilled, Ready, RequestStarted, Swept
from weighbridge.domain.run import EvalRecord
from weighbridge.domain.text import clean_line
from weighbridge.session.session import Session
from weighbridge.tui.widgets.status_line import Notice, sentence
from weighbridge.tui.words.proof import contended_words
from weighbridge.tui.work.guard import Guard
from weighbridge.tui.work.model_jobs import ModelJobs
from weighbridge.tui.work.rental_jobs import RentalJobs

END_S = 5.0
"""Longest wait for a stopped job to write its last events."""

TURNS = (Attempt, Ready, Loaded, Swept, Ended)
"""Events with which another phase begins: it is shown at once. The many prompts of an eval wait for the timer."""

JobName = Literal["proof", "eval"]


class Jobs:
    """The workers of the app. `model` has those of the model, `rentals` those that rent."""

    def __init__(
        self, app: App[int], session: Session, tell: Callable[[Notice], None], changed: Callable[[], None]
    ) -> None:
        self.session = session
        self._guard = Guard(app, session, tell, changed)
        self.model = ModelJobs(self._guard)
        self.rentals = RentalJobs(self._guard)
        self._job: Worker[None] | None = None
        self._name: JobName = "proof"
        self._over = False
        """Whether the job has ended, while its worker still says so."""
        self.saving = False
        self.written = ""
        """File of the notebook that was written last; empty: none was in this session."""
        self.after_proof: Callable[[], None] | None = None
        """What follows each proof that ran to its end, if something does."""
        self.show_comparison: Callable[[], None] | None = None
        """Shows the last comparison with a packet once more, if there was one."""

    @property
    def running(self) -> JobName | None:
        """Which job runs, if one does."""
        return self._name if self._job is not None and self._job.is_running and not self._over else None

    @property
    def busy(self) -> str:
        """What would be stopped by leaving: the proof, the eval, the load test or the download; empty where nothing."""
        job = self.session.job
        return self.running or (job.name if job is not None else "") or ("download" if self.model.loading else "")

    def start(self, name: JobName) -> None:
        """Starts a proof or an eval. What the session refuses becomes a notice."""
        if self.running:
            said = Notice(f"The {self.running} is running already.", "Stop it with escape first.", "problem")
            self._guard.tell(said)
            return
        self.model.stop_weighing()
        self._name, self._over = name, False
        self._job = self._guard.work(self._run(name), "job")

    async def _run(self, name: JobName) -> None:
        self._guard.changed()
        turns = TURNS if name == "eval" else (*TURNS, RequestStarted, Prefilled)
        try:
            async with aclosing(self.session.prove() if name == "proof" else self.session.evaluate()) as events:
                async for event in events:
                    if isinstance(event, turns):
                        self._guard.changed()
        finally:
            self._over = True
        self._guard.tell(_ending(self.session, name))
        if name == "proof" and self.after_proof and self.session.live.phase == "done":
            self.after_proof()

    async def stop(self) -> None:
        """Stops what runs; returns once its child is gone. A job that has not begun yet is called off."""
        if self.session.job is None and self._job is not None:
            self._job.cancel()
        await self.session.stop()

    def save_packet(self, target: Path, then: Callable[[], None]) -> None:
        """Writes the packet. `then` runs if it went well."""
        if not self.saving:
            self.saving = True
            self._guard.work(self._save(target, then), "packet")

    async def _save(self, target: Path, then: Callable[[], None]) -> None:
        try:
            await self.session.write_packet(target)
        finally:
            self.saving = False
        then()

    def write_notebook(self, path: Path) -> None:
        """Writes the notebook of the run; it carries this very program, and to pack that takes a moment."""
        self._guard.work(self._write_notebook(path), "notebook", exclusive=True)

    async def _write_notebook(self, path: Path) -> None:
        from weighbridge.session.notebook.writing import write_notebook

        await asyncio.to_thread(write_notebook, self.session, path)
        self.written = clean_line(str(path), 200)
        self._guard.tell(Notice(f"Written: {self.written}.", "The steps say what to do with it; f4 takes it back."))

    def take_back(self, file: Path, link: str) -> None:
        """Takes what ran in a notebook into the run."""
        self._guard.work(self._take_back(file, link), "import", exclusive=True)

    async def _take_back(self, file: Path, link: str) -> None:
        from weighbridge.session.notebook.importing import import_evidence

        self._guard.tell(Notice("Reading what came back."))
        await import_evidence(self.session, file, link)
        self._guard.tell(Notice("It is taken back: steps 6 and 7 show it.", "ctrl+n goes on."))

    async def close(self) -> None:
        """Stops everything, waits for the last events, and gives the run back. Safe to call twice."""
        self.model.stop_all()
        await self.session.stop()
        if self._job is not None:
            with suppress(WorkerCancelled, WorkerFailed, TimeoutError):
                await asyncio.wait_for(self._job.wait(), END_S)
        await self.rentals.close()
        await self.session.close()


def _ending(session: Session, name: JobName) -> Notice:
    """How a job ended, in one sentence."""
    run = session.run
    record = run.proof if name == "proof" else run.evaluation
    if record is None or session.live.phase == "stopped":
        earlier = record is not None and record.outcome != "stopped"
        return Notice(
            f"The {name} was stopped{': the earlier one stands' if earlier else ''}.", "ctrl+r starts it again."
        )
    if session.live.phase == "failed" and record.outcome != "failed":
        stands = f"{sentence(session.live.message)} The earlier one stands."
        return Notice(f"The {name} failed: {stands}", "ctrl+r starts it again.", "problem")
    if record.outcome == "failed":
        return Notice(f"The {name} failed: {record.message}", "That is a result too, and it is kept.", "problem")
    noise = record.noise if isinstance(record, EvalRecord) else record.figures.noise
    contended = contended_words(noise)
    more = "ctrl+r repeats it, ctrl+n goes on." if contended else "ctrl+n goes on."
    said = f"The {name} is done"
    if isinstance(record, EvalRecord) and record.gate is not None:
        said += f": {record.gate.passed} of {record.gate.total} passed, {record.gate.gate}"
    return Notice(f"{said}. {contended}".strip(), more)
