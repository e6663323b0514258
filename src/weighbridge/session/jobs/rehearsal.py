"""Trying one case: the model answers it and the grader marks it, and nothing of that is evidence.

The run, its events and its eval stay as they are: a case that is tried until it passes would make a baseline that
nobody can repeat. The events go to a run of their own, outside the list of runs, that is deleted at the end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.proof.events import Ended, Event, Failed, Outcome
from weighbridge.domain.proof.live import LiveView, Meter
from weighbridge.domain.run import Run
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.domain.verdict.repeats import CaseFold
from weighbridge.services.runs.store import RunFolder, RunStore
from weighbridge.session.jobs.evaluating import case_requests
from weighbridge.session.jobs.grading import Grading
from weighbridge.session.jobs.job import Job
from weighbridge.session.jobs.proving import WARM_UP, require_room

if TYPE_CHECKING:
    from weighbridge.session.session import Session

NOT_EVIDENCE = "A rehearsal: nothing of it is kept in the run, and it changes no eval."
SCRATCH = "scratch"
"""Folder of the data folder for runs that nobody keeps; what a killed program left there is swept away."""


class Rehearsal:
    """One case, asked once after a warm-up that is not counted, in a child of its own.

    `events()` once; `session.stop()` ends it. Then `outcome`, and `result` with answer, mark and figures, or
    `message` where there is none.
    """

    def __init__(self, session: Session, case: Case) -> None:
        self._session, self._case = session, case
        self._meter = Meter(session.forecast_bytes)
        self._fold = CaseFold((case,))
        self.outcome: Outcome | None = None
        self.result: CaseResult | None = None
        self.message = ""

    @property
    def live(self) -> LiveView:
        """The picture of the try."""
        return self._meter.view()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Refused or BadInput where nothing can run, a job that runs already included."""
        await self._session.check_can_run()
        run = self._session.run
        run = run.model_copy(update={"settings": run.settings.model_copy(update={"repeats": 1})})
        store = RunStore(self._session.deps.home / SCRATCH)
        folder = store.open(store.new_id())
        try:
            async with aclosing(self._job(run, folder)) as events:
                async for event in events:
                    yield event
        finally:
            folder.close()
            store.delete(folder.folder.name)

    async def _job(self, run: Run, folder: RunFolder) -> AsyncGenerator[Event, None]:
        if run.policy is None:
            raise BadInput("There are no cases yet.")
        requests = [WARM_UP, *case_requests(self._case, run.policy, run.settings)]
        await require_room(run, folder, requests)
        if self._session.job is not None:
            raise Refused("Something else has been started meanwhile.", "Stop it with escape first.")
        grading = Grading({self._case.id: self._case}, lambda _: self.result is not None)
        job = self._session.job = Job("eval", run, folder, self._session.deps, requests, grading)
        job.name = f"try of {self._case.id}"
        try:
            async with aclosing(job.events()) as events:
                async for event in events:
                    self._add(event)
                    yield event
        finally:
            self._session.job = None

    def _add(self, event: Event) -> None:
        self._meter.add(event)
        self.result = self._fold.add(event) or self.result
        if isinstance(event, Failed):
            self.message = event.message
        elif isinstance(event, Ended):
            self.outcome = event.outcome
