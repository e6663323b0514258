"""The packet's notes for people: licence, first run, shutdown, and the plan of a route that runs elsewhere."""

from __future__ import annotations

from weighbridge.domain.facts import Fact
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.planned import route_commands
from weighbridge.domain.proof.events import Attempt, Failed, Stopped
from weighbridge.domain.proof.measure import FORMULAS
from weighbridge.domain.proof.summary import last
from weighbridge.domain.route.constraints import RouteName
from weighbridge.domain.route.table import RouteRow
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.markdown import cell, code, fence, table
from weighbridge.services.packet_io.records import RuntimeFile


def fact_text(fact: Fact) -> str:
    """A fact with how it is known."""
    if fact.status == "missing":
        return f"missing: {code(fact.reason)}"
    return f"{code(fact.text)} ({fact.status}: {code(fact.source)})"


def licence_note(e: Evidence) -> str:
    """What is known of the licence, from where, and what that does not settle."""
    card = e.run.card
    assert card is not None
    lines = [f"- {field.title}: {fact_text(getattr(card, field.name))}" for field in FIELDS]
    return "\n".join(
        [
            "# Licence note",
            "",
            f"Licence of the weights: {fact_text(card.licence)}",
            "",
            "This records what a source says. Whether it allows the intended use is for the reader to confirm",
            "with the licence's own text at the pinned revision.",
            "",
            "## The card's facts",
            "",
            *lines,
            "",
        ]
    )


def first_run(e: Evidence, runtime: RuntimeFile) -> str:
    """Command, prompt, output and time of the proof, with its figures and their formulas."""
    proof = e.proof
    assert proof is not None
    figures = proof.figures.model_dump(exclude={"attempts"})
    rows = [(name, "not measured" if value is None else repr(value), _how(name)) for name, value in figures.items()]
    state = "" if e.proof_is_current else " It is stale: model, settings or prompt have changed since."
    return "\n".join(
        [
            "# First run",
            "",
            f"At {proof.at}, {proof.mode} mode: {proof.outcome}.{state}",
            *([f"Failure: {code(proof.message)}"] if proof.message else []),
            "",
            "## Command",
            "",
            fence(runtime.command_line),
            "",
            "## Prompt",
            "",
            fence(proof.prompt),
            "",
            "## Output",
            "",
            "Control characters are shown as pictures here; `events.jsonl` has the raw text.",
            "",
            fence(proof.output) if proof.output else "There was no output.",
            "",
            "## Figures",
            "",
            table(("figure", "value", "how it is computed"), rows),
            "",
        ]
    )


_HOW = {
    "prompt_tokens": "sum over the requests, the warm-up left out",
    "output_tokens": "sum over the requests, the warm-up left out",
    "load_s": "the engine's child, from the file's name to model and context",
    "peak_rss_bytes": "high-water mark of the process where the system keeps one, else the largest sample",
    "baseline_rss_bytes": "the process before it loads anything",
    "rss_anon_bytes": "the last sample",
    "rss_file_bytes": "the last sample",
    "threads": "what the engine was given",
    "load1_before": "load average over one minute, just before the start",
    "load1_after": "load average over one minute, at the last sample",
}


def _how(name: str) -> str:
    return FORMULAS.get("itl_*_s" if name.startswith("itl_") else name) or _HOW.get(name, "")


def shutdown(e: Evidence) -> str:
    """Every process that was started, and how the operating system saw it end."""
    rows: list[tuple[str, ...]] = []
    for job in e.jobs:
        attempt: Attempt | None = None
        for event in job:
            if isinstance(event, Attempt):
                attempt = event
            elif isinstance(event, Stopped) and attempt is not None:
                how = f"signal {event.signal}" if event.signal else f"exit status {event.exit_code}"
                gone = "yes" if event.gone else "NO"
                name = f"{attempt.job_id}, attempt {attempt.number}"
                rows.append((cell(name), str(event.pid), event.how, how, f"{event.seconds:.3f}", gone))
    head = ("job", "process", "how", "ended with", "seconds from wish to gone", "gone from the process table")
    failures = [f for job in e.jobs if (f := last(job, Failed))]
    said = [f"- {f.kind} during {code(f.phase)}: {code(f.message)}" for f in failures]
    return "\n".join(
        [
            "# Shutdown",
            "",
            "Each process of the engine, from the events of this run. The model is unloaded when its process is gone.",
            "",
            table(head, rows) if rows else "No shutdown is on record: no process was seen to its end.",
            "",
            *(["## Failures", "", *said, ""] if said else []),
        ]
    )


_ELSEWHERE: dict[RouteName, set[str]] = {
    "local_cpu": set(),
    "free_colab": {"endpoint", "cost_per_hour"},
    "rented_gpu": {"notebook_link", "runtime_type", "reset_note"},
}
"""Fields of a plan that the route does not ask for."""


def route_plan(e: Evidence, route: RouteRow) -> str:
    """Commands to type on the route, what the person has typed of it, and the evidence that is still owed."""
    run = e.run
    commands: list[str] = []
    for title, text in route_commands(run, route):
        commands += [f"### {title}", "", fence(text), ""]
    typed = [
        (name.replace("_", " "), cell(value) if value else "owed")
        for name, value in run.plan.model_dump().items()
        if value or name not in _ELSEWHERE[run.decision.route]
    ]
    owed = [f"- {item.title}: {code(item.fact.reason)}" for item in e.completeness if not item.held]
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
