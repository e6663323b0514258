"""Rented GPUs: cost from seconds and price, the cap, and a stop that agrees with the stages that the provider told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.deciding import rented_usd
from weighbridge.domain.serving.billing import cost_of, earlier_usd
from weighbridge.domain.serving.rental import OVER, Rental
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.elsewhere import rental_row
from weighbridge.services.packet_io.rebuild import run_of
from weighbridge.services.packet_io.records.elsewhere import COST_RULE, WITHHELD

RENTALS = "data/rentals.json"
_CENT = 0.01
_LOST = "DELETED"
"""The stage of a job that its account cannot find any more: no provider tells it, so that it is no stage on record."""


def check_rentals(c: Contents) -> Iterator[str]:
    """Every rental against itself, their sum, and the run that they were ordered for."""
    said = c.rentals
    if said is None:
        return
    run = run_of(c)
    if said.rented_usd != rented_usd(run):
        yield f"{RENTALS}: rented_usd is {said.rented_usd}, the rentals come to {rented_usd(run)}"
    if said.typed_price != run.plan.cost_per_hour:
        yield f"{RENTALS}: typed_price is not the price that the person typed"
    if (said.rule, said.withheld) != (COST_RULE, WITHHELD):
        yield f"{RENTALS}: the rule of the cost is not what this program computes by"
    ids = [row.rental.order.id for row in said.rows]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"{RENTALS}: the order {name} stands there twice"
    for at, row in enumerate(said.rows):
        where = f"{RENTALS}: the rental {row.rental.job_id or row.rental.order.id}"
        right = rental_row(row.rental)
        for field in ("most_usd", "within_cap", "proven"):
            if getattr(row, field) != getattr(right, field):
                yield f"{where}: {field} is {getattr(row, field)}, its record gives {getattr(right, field)}"
        yield from (f"{where}: {problem}" for problem in _earlier(row.rental, [one.rental for one in said.rows[:at]]))
        yield from (f"{where} {problem}" for problem in (*_order(row.rental, run.id), *_cost(row.rental)))
        yield from (f"{where} {problem}" for problem in _stop(row.rental))


def _earlier(rental: Rental, before: Sequence[Rental]) -> Iterator[str]:
    """What the rentals before it had spent of the cap. One that was taken for ended, and ended later than this one was
    ordered, has other seconds than those that were known then."""
    order, spent = rental.order, earlier_usd(before)
    later = any(one.stop is not None and one.stop.at > order.agreed_at for one in before)
    if order.earlier_usd != spent and not later:
        yield f"earlier_usd is {order.earlier_usd}, the rentals before it come to {spent}"


def _order(rental: Rental, run: str) -> Iterator[str]:
    if rental.order.run_id != run:
        yield f"was ordered for another run, {rental.order.run_id}"
    if rental.namespace or rental.url:
        yield "names an account, which a packet does not"
    most = rental_row(rental).most_usd
    if most is not None and most + rental.order.earlier_usd > rental.order.cap_usd + _CENT:
        yield f"may last until it costs {most:.4f} USD, above the cap of {rental.order.cap_usd:g} USD"


def _cost(rental: Rental) -> Iterator[str]:
    """Seconds x price, of the provider and of the person."""
    cost = rental.cost
    if cost is None:
        return
    right = cost_of(rental.order, cost.seconds, cost.seconds_source)
    if cost.price != right.price:
        yield "has cost by another price than that of its order"
    for field in ("amount_usd", "typed_amount_usd"):
        if getattr(cost, field) != getattr(right, field):
            yield f"has {field} {getattr(cost, field)}; seconds x price give {getattr(right, field)}"
    if cost.seconds is not None and cost.seconds < 0:
        yield f"ran for {cost.seconds} s"


def _stop(rental: Rental) -> Iterator[str]:
    """The proof of stop is of the last stage on record, and nothing ran after it."""
    stop = rental.stop
    if rental.never and (rental.job_id or rental.stages):
        yield "is said to have made no job, and has one"
    if stop is None:
        return
    if rental.stages and stop.stage not in ("", _LOST, rental.stage):
        yield f"stopped in the stage {stop.stage}, and the last stage on record is {rental.stage}"
    for one in rental.stages:
        if one.at > stop.at and one.stage not in OVER:
            yield f"was {one.stage} at {one.at}, after its stop at {stop.at}"
    if rental.endpoint and stop.proven and stop.endpoint_refuses is None:
        yield "had an endpoint, and nobody looked whether it still answers"
