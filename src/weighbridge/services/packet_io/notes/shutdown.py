"""The packet's notes for people: shutdown, and the plan of a route that runs elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.packet import Item
from weighbridge.domain.packet_elsewhere import PRIVATE, price_source, stop_proof
from weighbridge.domain.planned import route_commands, serve_rows
from weighbridge.domain.proof.events import Attempt, Event, Failed, Spawned, Stopped
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.summary import last
from weighbridge.domain.route.constraints import RouteName
from weighbridge.domain.route.table import RouteRow
from weighbridge.domain.run import Run
from weighbridge.domain.serving.billing import price_words
from weighbridge.domain.serving.rental import Rental
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.markdown import cell, code, fence, table
from weighbridge.services.packet_io.records.elsewhere import RentalRow
from weighbridge.services.tables import load_servers

UNSEEN = "not observed: the program was ended first"


def shutdown(c: Contents) -> str:
    """Every process that was started, and how it was seen to end; how servers, rented GPUs and notebooks were left."""
    rows = [row for job in c.jobs.values() for row in _processes(job, _rests_on(c, job))]
    head = (
        "job",
        "attempt",
        "process",
        "how",
        "ended with",
        "seconds from wish to gone",
        "gone from the process table",
    )
    failures = [f for job in c.jobs.values() if (f := last(job, Failed))]
    said = [f"- {f.kind} during {code(f.phase)}: {code(f.message)}" for f in failures]
    return "\n".join(
        [
            "# Shutdown",
            "",
            "Each process of the engine, from the events of this run. The model is unloaded when its process is gone.",
            "",
            table(head, rows) if rows else "No process was started.",
            "",
            *_servers(c),
            *_rentals(c),
            *_notebook(c),
            *(["## Failures", "", *said, ""] if said else []),
        ]
    )


def _rests_on(c: Contents, job: Sequence[Event]) -> str:
    """A job by its name, and whether the packet rests on it."""
    name = job[0].job_id if isinstance(job[0], Attempt) else ""
    proof = c.runtime.proof if c.runtime else None
    note = c.decision.evaluation if c.decision else None
    if proof and proof.job_id == name:
        return cell(name) + (f" ({proof.note})" if proof.note else "")
    if note and name in note.job_ids:
        return cell(name) + ("" if note.current else " (from an earlier eval with other settings or cases)")
    return f"{cell(name)} (an earlier job of this run)"


def _processes(job: Sequence[Event], name: str) -> Iterator[tuple[str, ...]]:
    """One row a process. Each attempt starts one at most, and the next attempt only after its end."""
    attempt: Attempt | None = None
    open_row: tuple[str, ...] | None = None
    for event in job:
        match event:
            case Attempt():
                if open_row:
                    yield open_row
                attempt, open_row = event, None
            case Spawned() if attempt:
                open_row = (name, str(attempt.number), str(event.pid), UNSEEN, "", "", UNSEEN)
            case Stopped() if attempt and attempt.target and event.how in ("left_running", "released"):
                open_row = None
            case Stopped() if attempt and event.pid is not None:
                how = f"signal {event.signal}" if event.signal else f"exit status {event.exit_code}"
                gone = "yes" if event.gone else "NO"
                yield name, str(attempt.number), str(event.pid), event.how, how, f"{event.seconds:.3f}", gone
                open_row = None
            case _:
                pass
    if open_row:
        yield open_row


def _servers(c: Contents) -> Iterator[str]:
    """How each job left its server, and what was asked after it."""
    found = [(job[0], one) for job in c.jobs.values() for one in job if isinstance(one, Stopped)]
    left = [(first, one) for first, one in found if isinstance(first, Attempt) and first.target is not None]
    if not left:
        return
    yield from ("## Servers", "")
    for first, stopped in left:
        yield f"- {_rests_on(c, [first])}: {cell(shutdown_text(stopped))}"
    command = c.runtime.plan.stop_command if c.runtime and c.runtime.plan else ""
    if any(stopped.how == "left_running" and first.target.origin == "given" for first, stopped in left if first.target):
        yield f"- The command that stops it: {code(command) if command else 'owed, nobody has typed it'}"
    yield ""


def _rentals(c: Contents) -> Iterator[str]:
    """Each rented GPU: its stages, its stop, and what it has cost."""
    if c.rentals is None:
        return
    yield from ("## Rented GPUs", "")
    for row in c.rentals.rows:
        rental = row.rental
        yield f"- {code(rental.job_id or rental.order.id)} on {code(rental.order.hardware.name)}: {_proof_of(rental)}"
        for one in rental.stages:
            yield f"  - {code(one.stage)} at {cell(one.at)}{f': {code(one.message)}' if one.message else ''}"
        yield f"  - {cost_line(row)}"
        yield from (f"  - {code(said)}" for said in (rental.message,) if said)
    yield ""


def _proof_of(rental: Rental) -> str:
    fact = stop_proof(rental)
    return cell(fact.text) if fact.status == "measured" else f"**NOT PROVEN**: {cell(fact.reason)}"


def cost_line(row: RentalRow) -> str:
    """What one rental has cost, by whose price, and whether that is within the cap."""
    cost, order = row.rental.cost, row.rental.order
    if cost is None or cost.amount_usd is None or cost.price is None:
        return "what it has cost is not known"
    typed = "" if cost.typed_amount_usd is None else f"; {cost.typed_amount_usd:.4f} USD at the person's own price"
    held = "within" if row.within_cap else "ABOVE"
    return (
        f"{cost.amount_usd:.4f} USD for {cost.seconds:,.0f} s ({cell(cost.seconds_source)}) at "
        f"{price_words(cost.price)} ({price_source(cost.price)}){typed}; {held} the cap of {order.cap_usd:g} USD"
    )


def _notebook(c: Contents) -> Iterator[str]:
    if c.notebook is None:
        return
    said = c.notebook.runtime
    yield from ("## Notebook", "", f"- {cell(said.stop or c.notebook.missing.get('stop', 'not on record'))}", "")


_ELSEWHERE: dict[RouteName, set[str]] = {
    "local_cpu": set(),
    "free_colab": {"endpoint", "cost_per_hour"},
    "rented_gpu": {"notebook_link", "runtime_type", "reset_note"},
}
"""Fields of a plan that the route does not ask for."""
_PRIVATE = {name for name, _, _ in PRIVATE}
"""Those that private documents ask for."""


def route_plan(run: Run, items: Sequence[Item], route: RouteRow) -> str:
    """Commands to type on the route, what the person has typed of it, and the evidence that is still owed."""
    commands: list[str] = []
    for title, text in route_commands(run, route, load_servers()):
        commands += [f"### {title}", "", fence(text), ""]
    private = run.constraints.privacy == "private_docs"
    typed = [
        (name.replace("_", " "), cell(value) if value else "owed")
        for name, value in run.plan.model_dump().items()
        if value or name not in _ELSEWHERE[run.decision.route] | (set() if private else _PRIVATE)
    ]
    if run.decision.route == "rented_gpu":
        typed += [(name, cell(value) if value else "owed") for name, value in serve_rows(run.serve)]
    owed = [f"- {item.title}: {code(item.fact.reason)}" for item in items if not item.held]
    return "\n".join(
        [
            f"# Plan: {route.name}",
            "",
            "Nothing here has run. Goal: " + route.goal + ".",
            "",
            f"Model: {code(run.model.name) if run.model else 'none chosen'}",
            "",
            "## Commands",
            "",
            *commands,
            "## Typed by the person",
            "",
            table(("what", "value"), typed),
            "",
            "## Evidence that the route asks for",
            "",
            *[f"- {code(line)}" for line in run.decision.evidence],
            "",
            "## Still owed",
            "",
            *(owed or ["- nothing on the list"]),
            "",
        ]
    )
