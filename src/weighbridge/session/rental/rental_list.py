"""All rentals that are known on this machine, and what the Hub says of them at this moment."""

from __future__ import annotations

from typing import Literal, NamedTuple

from weighbridge.domain.base import Record
from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.serving.rental import Rental
from weighbridge.services.rentals import Ledger
from weighbridge.session.aside import aside
from weighbridge.session.deps import Deps
from weighbridge.session.rental.left_running import left_running
from weighbridge.session.rental.ordering import jobs_of

State = Literal["in_use", "left", "over", "damaged"]
"""`left`: it may still run and cost, and no weighbridge uses it. `damaged`: its page in the ledger cannot be read."""
LEAST_PREFIX = 4


class RentalRow(Record):
    """One rental in the list; `rental` is null where its page is damaged."""

    id: str
    state: State
    rental: Rental | None


class RentalList(NamedTuple):
    """Rows, the newest first. `unasked`: why the Hub could not be asked; empty where it was."""

    rows: tuple[RentalRow, ...]
    unasked: str


async def rental_list(deps: Deps) -> RentalList:
    """What can still run first, then what is over. Nothing is stopped. The Hub's problems are told, not raised."""
    unasked = ""
    try:
        jobs = jobs_of(deps)
        await aside(jobs.labelled, await aside(jobs.account))
    except Problem as problem:
        unasked = f"{problem} {problem.hint}".strip()
    left = {rental.order.id: rental for rental in await left_running(deps, everywhere=not unasked)}
    ledger = Ledger(deps.home)
    rows = [RentalRow(id=key, state="left", rental=rental) for key, rental in left.items()]
    for page in ledger.pages():
        if page.id in left:
            continue
        state: State = "over"
        if page.rental is None:
            state = "damaged"
        elif not page.rental.over:
            state = "in_use" if ledger.in_use(page.id) else "left"
        rows.append(RentalRow(id=page.id, state=state, rental=page.rental))
    order = ("left", "in_use", "damaged", "over")
    return RentalList(tuple(sorted(rows, key=lambda row: order.index(row.state))), unasked)


def named(rows: tuple[RentalRow, ...], wish: str) -> Rental:
    """The rental that is named by its job, its own id, or a beginning that one alone has. BadInput."""
    rentals = [row.rental for row in rows if row.rental is not None]
    exact = [one for one in rentals if wish in (one.job_id, one.order.id)]
    found = exact or [one for one in rentals if _begins(one, wish)]
    if len(found) != 1:
        problem = "There is no such rental." if not found else f"{len(found)} rentals begin so."
        raise BadInput(problem, "`weighbridge jobs` lists them.")
    return found[0]


def _begins(rental: Rental, wish: str) -> bool:
    return len(wish) >= LEAST_PREFIX and (rental.job_id.startswith(wish) or rental.order.id.startswith(wish))
