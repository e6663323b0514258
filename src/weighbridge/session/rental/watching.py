"""A look at the rented machine of a run while it is held: whether it runs, or ended by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weighbridge.domain.problems import HubProblem, OutsideFailed, Problem
from weighbridge.domain.serving.rental import OVER, Rental
from weighbridge.services.hub.jobs import Jobs
from weighbridge.session.aside import aside
from weighbridge.session.rental.ordering import jobs_of

if TYPE_CHECKING:
    from weighbridge.session.session import Session

EVERY_S = 20.0
"""Between two looks, seconds: a job that ended is billed no longer, so that nothing is lost by not looking at once."""


async def look(session: Session) -> Rental | None:
    """The rental of this session with proof of stop and cost, where its job ended since the last look; else None.

    Where the provider cannot be asked, nothing is known, and nothing changes. OutsideFailed where the disk fails.
    """
    from weighbridge.session.rental.renting import give_back

    rental = session.run.rental
    if session.lease is None or rental is None or rental.over or not rental.job_id:
        return None
    ended = await _is_over(jobs_of(session.deps), rental)
    same = session.run.rental
    if not ended or session.lease is None or same is None or same.order.id != rental.order.id:
        return None
    ended_one = await give_back(session)
    return ended_one if ended_one.over else None


async def _is_over(jobs: Jobs, rental: Rental) -> bool:
    """Whether the provider says that the job ended, or has lost it by its number and by its label alike."""
    try:
        return (await aside(jobs.look, rental.job_id, rental.namespace)).stage in OVER
    except HubProblem as problem:
        if problem.kind != "not_found":
            return False
    except Problem:
        return False
    try:
        listed = await aside(jobs.labelled, rental.namespace, rental.order.id)
    except Problem:
        return False
    return all(view.stage in OVER for view in listed if view.id == rental.job_id)


async def require_running(session: Session) -> None:
    """OutsideFailed, with the reason and the way out, where the rented machine of this session ended by itself."""
    ended = await look(session)
    if ended is not None:
        raise OutsideFailed(f"The rented GPU is gone. {ended.message}".strip(), "Rent again in the step Runtime.")
