"""Work that outlives a screen: the proof or eval that runs, a model that is read, a packet that is written.

Every failure becomes a notice; nothing that goes wrong in here ends the program.
"""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from textual.app import App
from textual.worker import Worker, WorkerCancelled, WorkerFailed

from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.events import Attempt
from weighbridge.services.model_file import Cancelled
from weighbridge.session.session import Session
from weighbridge.tui.widgets.status_line import Notice

ERROR_LOG = "logs/wizard-errors.log"
END_S = 5.0
"""Longest wait for a stopped job to write its last events."""

JobName = Literal["proof", "eval"]


@dataclass
class Reading:
    """A model that is being read: bytes done and in all, and since when (seconds on the session's clock)."""

    spec: str
    since: float
    done: int = 0
    total: int = 0


class Jobs:
    """The workers of the app. `tell` shows a notice, `changed` redraws what depends on whether a job runs."""

    def __init__(
        self, app: App[int], session: Session, tell: Callable[[Notice], None], changed: Callable[[], None]
    ) -> None:
        self._app, self.session = app, session
        self._tell, self._changed = tell, changed
        self._job: Worker[None] | None = None
        self._name: JobName = "proof"
        self._cancel = threading.Event()
        self.reading: Reading | None = None
        self.saving = False

    @property
    def running(self) -> JobName | None:
        """Which job runs, if one does."""
        return self._name if self._job is not None and self._job.is_running else None

    def start(self, name: JobName) -> None:
        """Starts a proof or an eval. What the session refuses becomes a notice."""
        if self.running:
            self._tell(Notice(f"The {self.running} is running already.", "Stop it with escape first.", "problem"))
            return
        self._name = name
        self._job = self._work(self._run(name), "job")

    async def _run(self, name: JobName) -> None:
        async with aclosing(self.session.prove() if name == "proof" else self.session.evaluate()) as events:
            async for event in events:
                if isinstance(event, Attempt):
                    self._changed()
        self._tell(_ending(self.session, name))

    async def stop(self) -> None:
        """Stops what runs; returns once its child is gone. A job that has not begun yet is called off."""
        if self.session.job is None and self._job is not None:
            self._job.cancel()
        await self.session.stop()

    def read_model(self, spec: str, then: Callable[[], None]) -> None:
        """Reads header and digest of a model; an earlier reading is given up. `then` runs if it went well."""
        self._cancel.set()
        self._cancel = threading.Event()
        self.reading = Reading(spec, self.session.deps.monotonic())
        self._work(self._read(spec, self._cancel, self.reading, then), "model")

    async def _read(self, spec: str, cancel: threading.Event, reading: Reading, then: Callable[[], None]) -> None:
        def progress(done: int, total: int) -> None:
            reading.done, reading.total = done, total

        try:
            await self.session.choose_model(spec, progress, cancel)
        except Cancelled:
            return
        finally:
            if self.reading is reading:
                self.reading = None
        self._changed()
        then()

    def save_packet(self, target: Path, then: Callable[[], None]) -> None:
        """Writes the packet. `then` runs if it went well."""
        if not self.saving:
            self.saving = True
            self._work(self._save(target, then), "packet")

    async def _save(self, target: Path, then: Callable[[], None]) -> None:
        try:
            await self.session.write_packet(target)
        finally:
            self.saving = False
        then()

    def _work(self, work: Coroutine[Any, Any, None], group: str) -> Worker[None]:
        return self._app.run_worker(self._guarded(work), group=group, exit_on_error=False)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Problem as problem:
            self._tell(Notice.of(problem))
        except Exception as error:
            self._tell(Notice(*self._noted(error), "problem"))
        finally:
            self._changed()

    def _noted(self, error: Exception) -> tuple[str, str]:
        """Sentence and hint for an error that nobody foresaw; its traceback goes to a file of the run."""
        sentence = f"Something unforeseen went wrong ({type(error).__name__})."
        path = self.session.folder / ERROR_LOG
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(f"{self.session.deps.now()}\n{''.join(traceback.format_exception(error))}\n")
        except OSError:
            return sentence, "The details could not be written to the run's folder."
        return sentence, f"The details are in the run's folder, {ERROR_LOG}."

    async def close(self) -> None:
        """Stops everything, waits for the last events, and gives the run back. Safe to call twice."""
        self._cancel.set()
        await self.session.stop()
        if self._job is not None:
            with suppress(WorkerCancelled, WorkerFailed, TimeoutError):
                await asyncio.wait_for(self._job.wait(), END_S)
        await self.session.close()


def _ending(session: Session, name: JobName) -> Notice:
    """How a job ended, in one sentence."""
    run = session.run
    record = run.proof if name == "proof" else run.evaluation
    if record is None or record.outcome == "stopped":
        return Notice(f"The {name} was stopped.", "ctrl+r starts it again.")
    if record.outcome == "failed":
        return Notice(f"The {name} failed: {record.message}", "That is a result too, and it is kept.", "problem")
    if run.evaluation is not None and name == "eval" and run.evaluation.gate is not None:
        gate = run.evaluation.gate
        return Notice(f"The eval is done: {gate.passed} of {gate.total} passed, {gate.gate}.", "ctrl+n goes on.")
    return Notice(f"The {name} is done.", "ctrl+n goes on.")
