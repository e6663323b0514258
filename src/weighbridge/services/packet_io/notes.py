"""The packet's notes for people: shutdown, and the plan of a route that runs elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.packet import Item
from weighbridge.domain.planned import route_commands
from weighbridge.domain.proof.events import Attempt, Event, Failed, Spawned, Stopped
from weighbridge.domain.proof.summary import last
from weighbridge.domain.route.constraints import RouteName
from weighbridge.domain.route.table import RouteRow
from weighbridge.domain.run import Run
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.markdown import cell, code, fence, table

UNSEEN = "not observed: the program was ended first"


def shutdown(c: Contents) -> str:
    """Every process that was started, and how the operating system saw it end, if that was seen."""
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
            case Stopped() if attempt:
                how = f"signal {event.signal}" if event.signal else f"exit status {event.exit_code}"
                gone = "yes" if event.gone else "NO"
                yield name, str(attempt.number), str(event.pid), event.how, how, f"{event.seconds:.3f}", gone
                open_row = None
            case _:
                pass
    if open_row:
        yield open_row


_ELSEWHERE: dict[RouteName, set[str]] = {
    "local_cpu": set(),
    "free_colab": {"endpoint", "cost_per_hour"},
    "rented_gpu": {"notebook_link", "runtime_type", "reset_note"},
}
"""Fields of a plan that the route does not ask for."""


def route_plan(run: Run, items: Sequence[Item], route: RouteRow) -> str:
    """Commands to type on the route, what the person has typed of it, and the evidence that is still owed."""
    commands: list[str] = []
    for title, text in route_commands(run, route):
        commands += [f"### {title}", "", fence(text), ""]
    typed = [
        (name.replace("_", " "), cell(value) if value else "owed")
        for name, value in run.plan.model_dump().items()
        if value or name not in _ELSEWHERE[run.decision.route]
    ]
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
