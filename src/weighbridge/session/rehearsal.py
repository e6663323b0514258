"""Trying one case: the model answers it and the grader marks it, and nothing of that is evidence.

The run, its events and its eval stay as they are: a case that is tried until it passes would make a baseline that
nobody can repeat. The events go to a run of their own, outside the list of runs, that is deleted at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from weighbridge.domain.problems import BadInput, OutsideFailed, Refused
from weighbridge.domain.proof.events import Ended, Event, Failed, Outcome
from weighbridge.domain.run import Run
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.domain.verdict.repeats import CaseFold
from weighbridge.services.store import RunFolder, RunStore
from weighbridge.session.evaluating import case_requests
from weighbridge.session.grading import Grading
from weighbridge.session.jobs import Job
from weighbridge.session.proving import WARM_UP, require_room

if TYPE_CHECKING:
    from weighbridge.session.session import Session

NOT_EVIDENCE = "A rehearsal: nothing of it is kept in the run, and it changes no eval."
SCRATCH = "scratch"
"""Folder of the data folder for runs that nobody keeps; what a killed program left there is swept away."""


class Rehearsal(NamedTuple):
    """How a try ended. `result`: answer, mark and figures; None where there is none, `message` says why."""

    outcome: Outcome
    result: CaseResult | None
    message: str = ""


async def try_case(session: Session, case: Case, show: Callable[[Event], None] = lambda _: None) -> Rehearsal:
    """Asks one case once, after a warm-up that is not counted, in a child of its own. `show` gets every event.

    Refused or BadInput where nothing can run, a job that runs already included. `session.stop()` ends it.
    """
    await session.check_can_run()
    run = session.run.model_copy(update={"settings": session.run.settings.model_copy(update={"repeats": 1})})
    store = RunStore(session.deps.home / SCRATCH)
    folder = store.open(store.new_id())
    try:
        return await _tried(session, run, folder, case, show)
    finally:
        folder.close()
        store.delete(folder.folder.name)


async def _tried(session: Session, run: Run, folder: RunFolder, case: Case, show: Callable[[Event], None]) -> Rehearsal:
    if run.policy is None:
        raise BadInput("There are no cases yet.")
    requests = [WARM_UP, *case_requests(case, run.policy, run.settings)]
    await require_room(run, folder, requests)
    if session.job is not None:
        raise Refused("Something else has been started meanwhile.", "Stop it with escape first.")
    fold, result, message = CaseFold((case,)), None, ""
    job = session.job = Job("eval", run, folder, session.deps, requests, Grading({case.id: case}, lambda _: False))
    try:
        async with aclosing(job.events()) as events:
            async for event in events:
                result = fold.add(event) or result
                if isinstance(event, Failed):
                    message = event.message
                show(event)
                if isinstance(event, Ended):
                    return Rehearsal(event.outcome, result, message)
    finally:
        session.job = None
    raise OutsideFailed("The try came to no end.", "Start it again.")
