"""`weighbridge jobs`: rented GPUs that weighbridge started, their stop with its proof, and what can be rented."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.serving.rental import Rental
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.plain.texts.rental import end_line, hardware_line, row_line
from weighbridge.session.deps import Deps, real_deps
from weighbridge.session.rental import renting
from weighbridge.session.rental.rental_list import RentalList, named, rental_list


def main(args: Namespace) -> int:
    """0; or 4 where something may still run that was to be stopped, or a job could not be looked at."""
    deps = real_deps()
    with diagnostics.hub_told():
        match args.action:
            case "hardware":
                return asyncio.run(_hardware(deps, args.json))
            case "stop":
                return asyncio.run(_stop(deps, args.id, args.json))
            case _:
                return asyncio.run(_list(deps, args.json))


async def _hardware(deps: Deps, as_json: bool) -> int:
    for one in await renting.hardware(deps):
        if as_json:
            output.json_line(one.model_dump(mode="json"))
        else:
            output.text(hardware_line(one))
    return Exit.DONE


async def _list(deps: Deps, as_json: bool) -> int:
    found = await rental_list(deps)
    for row in found.rows:
        if as_json:
            output.json_line({**row.model_dump(mode="json"), "job": row.rental.job_id if row.rental else ""})
        else:
            output.text(row_line(row))
    if not found.rows and not found.unasked and not as_json:
        output.text("weighbridge has rented nothing.")
    return _unasked(found, "jobs that only it knows are not listed")


def _unasked(found: RentalList, lack: str) -> int:
    """Says why the Hub was not asked, which is a failure: what runs is then not known."""
    if not found.unasked:
        return Exit.DONE
    diagnostics.say(f"whether anything runs is not known: the Hub was not asked: {found.unasked}", f"So {lack}.")
    return Exit.OUTSIDE


async def _stop(deps: Deps, wish: str | None, as_json: bool) -> int:
    if not wish:
        raise BadInput("Which job is to be stopped?", "`weighbridge jobs stop ID`, or `weighbridge jobs stop all`.")
    found = await rental_list(deps)
    everything = wish == "all"
    rentals = [row.rental for row in found.rows if row.rental and row.state in ("left", "in_use")] if everything else []
    lack = "only jobs in this machine's ledger are known"
    if not everything:
        try:
            rentals = [named(found.rows, wish)]
        except BadInput:
            if not found.unasked:
                raise
            return _unasked(found, lack)
    codes = [_unasked(found, lack)] if everything else []
    for rental in rentals:
        codes.append(await _stopped(deps, rental, as_json))
    if not rentals and not found.unasked and not as_json:
        output.text("Nothing runs that weighbridge has started.")
    return max(codes, default=Exit.DONE)


async def _stopped(deps: Deps, rental: Rental, as_json: bool) -> int:
    try:
        stopped = rental if rental.over else await renting.stop_left(deps, rental)
    except Problem as problem:
        diagnostics.problem(problem)
        return problem.exit_code
    if as_json:
        output.json_line(stopped.model_dump(mode="json"))
    else:
        output.text(end_line(stopped))
    if stopped.over:
        return Exit.DONE
    diagnostics.say(stopped.message)
    return Exit.OUTSIDE
