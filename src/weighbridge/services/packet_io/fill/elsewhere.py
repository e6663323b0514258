"""Fills server.json, rentals.json and notebook.json. A model that ran on this machine alone has none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weighbridge.domain.deciding import rented_usd
from weighbridge.domain.proof.events import Attempt, Connected, Event, Stopped
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.recipe import recognised
from weighbridge.domain.proof.remote import KeyUse
from weighbridge.domain.proof.summary import last, last_attempt
from weighbridge.domain.run import Run
from weighbridge.domain.serving.billing import most_usd
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.domain.serving.rental import Rental
from weighbridge.domain.serving.target import Target
from weighbridge.services.packet_io.records.elsewhere import (
    COST_RULE,
    KEY_WORDS,
    WITHHELD,
    NotebookFile,
    RentalRow,
    RentalsFile,
    ServerFile,
)
from weighbridge.services.packet_io.records.files import with_gaps

ACCOUNT = "[account]"
_SHORTEST = 3
"""Letters of an account's name that are taken out of texts: a shorter one stands in ordinary words."""
_TENTH_OF_A_CENT = 0.001
_NOT_TOLD = "the notebook did not tell it"


def server_file(
    run: Run, proof: Sequence[Event], figures: JobFigures | None, events: Sequence[Event]
) -> ServerFile | None:
    """`proof`: the events of the proof on record; `figures`: its own; `events`: all. None where no server answers.

    What another server told in an earlier proof is not told of this one.
    """
    if run.target is None:
        return None
    attempt = last(proof, Attempt)
    other = attempt is not None and attempt.target != run.target
    live = () if other else last_attempt(proof)
    rental = run.answering if run.target.origin == "rented" else None
    values: dict[str, Any] = {
        "connected": last(live, Connected),
        "figures": figures.server if figures and not other else None,
        "stopped": last(live, Stopped),
        "hardware": rental.order.hardware.name if rental else None,
    }
    hardware = "the machine behind the address was not rented by weighbridge, and was not seen"
    why = "the proof on record is not of this server" if other else "the proof did not get so far"
    why = why if proof else "the proof has not run"
    target = recognised(run.target, values["connected"]) or run.target
    key = _key_use(events, run.target)
    return ServerFile(target=target, key=key, **with_gaps(values, {"hardware": hardware}, why))


def _key_use(events: Sequence[Event], target: Target) -> KeyUse:
    """The least safe way in which an API key went to this server."""
    used: set[KeyUse] = set()
    answering: Target | None = None
    for event in events:
        if isinstance(event, Attempt):
            answering = event.target
        elif isinstance(event, Connected) and answering == target:
            used.add(event.key)
    return next((use for use in reversed(KEY_WORDS) if use in used), "not recorded")


def rentals_file(run: Run) -> RentalsFile | None:
    """None where nothing was rented."""
    if not run.rentals:
        return None
    return RentalsFile(
        rows=tuple(rental_row(_anonymous(rental)) for rental in run.rentals),
        rented_usd=rented_usd(run),
        typed_price=run.plan.cost_per_hour,
        rule=COST_RULE,
        withheld=WITHHELD,
    )


def rental_row(rental: Rental) -> RentalRow:
    """A rental with what follows from it."""
    cost = rental.cost.amount_usd if rental.cost else None
    within = None if cost is None else cost + rental.order.earlier_usd <= rental.order.cap_usd + _TENTH_OF_A_CENT
    return RentalRow(rental=rental, most_usd=most_usd(rental.order), within_cap=within, proven=rental.over)


def _anonymous(rental: Rental) -> Rental:
    """Without the name of the account: it names a person. Address, repository and job stay: they are the evidence."""
    name = rental.namespace
    stages = rental.stages
    if len(name) >= _SHORTEST:
        stages = tuple(one.model_copy(update={"message": one.message.replace(name, ACCOUNT)}) for one in rental.stages)
    return rental.model_copy(
        update={
            "namespace": "",
            "url": "",
            "stages": stages,
            "message": rental.message.replace(name, ACCOUNT) if len(name) >= _SHORTEST else rental.message,
            "log_tail": tuple(
                line.replace(name, ACCOUNT) if len(name) >= _SHORTEST else line for line in rental.log_tail
            ),
        }
    )


def notebook_file(run: Run) -> NotebookFile | None:
    """None where no notebook ran anything."""
    return notebook_record(run.notebook) if run.notebook is not None else None


def notebook_record(runtime: NotebookRuntime) -> NotebookFile:
    """The runtime with what follows from it, and a reason for everything that it does not tell."""
    said = runtime.model_dump(exclude={"inside"})
    gaps = {name: _NOT_TOLD for name, value in said.items() if value in ("", None)}
    if "stop" in gaps:
        gaps["stop"] = "how the runtime was given back is not on record"
    if runtime.was_reset is None:
        gaps["was_reset"] = "the boot id is not known of both start and end"
    return NotebookFile(runtime=runtime, was_reset=runtime.was_reset, missing=gaps)
