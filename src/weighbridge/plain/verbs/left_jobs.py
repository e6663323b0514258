"""Rented machines that were left: looked for at the start of a verb, and named with the command that stops them."""

from __future__ import annotations

from weighbridge.domain.problems import Problem, Refused
from weighbridge.domain.serving.billing import price_words
from weighbridge.domain.serving.rental import Rental
from weighbridge.plain import diagnostics
from weighbridge.session.deps import Deps
from weighbridge.session.rental import renting


async def named_left(deps: Deps, everywhere: bool = False) -> tuple[Rental, ...]:
    """Each one is said. The Hub is asked where the ledger has an open page, or with `everywhere`."""
    try:
        left = await renting.left_running(deps, everywhere)
    except Problem as problem:
        diagnostics.say(f"whether a rented machine was left running is not known: {problem}", problem.hint)
        return ()
    for rental in left:
        diagnostics.say(f"a rented machine MAY STILL RUN: {_words(rental)}.", _way_out(rental))
    return left


def beside(left: tuple[Rental, ...], repo: str) -> Rental | None:
    """The one that serves the same model, so that another would be paid for beside it."""
    return next((one for one in left if one.order.repo == repo), None)


def refuse_second(rental: Rental) -> Refused:
    """No machine is started beside one that may serve the same model, unless somebody says so at a terminal."""
    told = f"A second machine for {rental.order.repo} would be paid for beside this one: {_words(rental)}."
    return Refused(told, f"{_way_out(rental)} A terminal asks for the amount instead.")


def name_of(rental: Rental) -> str:
    """As `weighbridge jobs` lists it."""
    return rental.job_id or rental.order.id


def _words(rental: Rental) -> str:
    order = rental.order
    price = price_words(order.hardware.price) if order.hardware.price else "a price that is not known here"
    stage = f", last seen {rental.stage}" if rental.stage else ""
    return f"job {name_of(rental)} on {order.hardware.name} at {price}{stage}, of the run {order.run_id}"


def _way_out(rental: Rental) -> str:
    return f"Stop it with `weighbridge jobs stop {name_of(rental)}`."
