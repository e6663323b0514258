"""`weighbridge runs`: list, show and delete. (`resume` is the wizard.)"""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from weighbridge.domain.flow import status
from weighbridge.domain.problems import BadInput, OutsideFailed, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.steps import STEPS
from weighbridge.domain.text import clean_line
from weighbridge.plain import output
from weighbridge.plain.exits import Exit
from weighbridge.plain.figures import table
from weighbridge.services.store import RunEntry, RunStore


def main(args: Namespace) -> int:
    store = RunStore()
    if store.home.exists() and not store.home.is_dir():
        name = clean_line(str(store.home))
        raise OutsideFailed(f"{name} is a file, and runs are kept in a folder.", "WEIGHBRIDGE_HOME names another one.")
    match args.action:
        case "show":
            _show(store, args.id, args.json)
        case "delete":
            _delete(store, args.id, args.yes, args.json)
        case _:
            _list(store, args.json)
    return Exit.DONE


def _list(store: RunStore, as_json: bool) -> None:
    """One line a run: for a program one JSON object a line, too."""
    entries = store.list()
    for entry in entries:
        if as_json:
            output.json_line(_row(entry))
        else:
            output.text(_line(entry))
    if not entries and not as_json:
        output.text("There are no runs yet: `weighbridge` starts one.")


def _row(entry: RunEntry) -> dict[str, Any]:
    run = entry.run
    if run is None:
        return {"id": entry.id, "problem": entry.problem}
    return {
        "id": run.id,
        "created_at": run.created_at,
        "updated_at": run.updated_at,
        "task": run.constraints.task,
        "route": run.decision.route,
        "model": run.model.name if run.model else None,
        "proof": run.proof.outcome if run.proof else None,
        "gate": run.evaluation.gate.gate if run.evaluation and run.evaluation.gate else None,
        "decision": run.verdict.choice if run.verdict else None,
        "packet": run.packet.path if run.packet else None,
        "steps": {step.id: status(run, step.id) for step in STEPS},
    }


def _line(entry: RunEntry) -> str:
    run = entry.run
    if run is None:
        return clean_line(f"{entry.id}: {entry.problem}")
    done = sum(status(run, step.id) == "done" for step in STEPS)
    parts = [
        f"{done} of {len(STEPS)} steps done",
        run.model.name if run.model else "no model",
        f"proof {run.proof.outcome}" if run.proof else "no proof",
        run.verdict.choice if run.verdict else "undecided",
        run.constraints.task,
    ]
    return clean_line(f"{run.id}: {', '.join(parts)}")


def _show(store: RunStore, run_id: str, as_json: bool) -> None:
    run = store.load(run_id)
    folder = store.runs / run_id
    if as_json:
        row = _row(RunEntry(run_id, run))
        output.json_line({**row, "folder": str(folder), "logs": [str(p) for p in sorted(folder.glob("logs/*"))]})
        return
    output.text(table([(name, clean_line(value)) for name, value in _facts(run, str(folder))]))
    output.text("Steps\n" + table([(f"{s.number} {s.title}", status(run, s.id)) for s in STEPS]))


def _facts(run: Run, folder: str) -> list[tuple[str, str]]:
    gate = run.evaluation.gate if run.evaluation else None
    return [
        ("run", run.id),
        ("created", run.created_at),
        ("changed", run.updated_at),
        ("task", run.constraints.task),
        ("route", run.decision.route),
        ("model", run.model.name if run.model else "not chosen"),
        ("proof", run.proof.outcome if run.proof else "not run"),
        ("eval", f"{gate.passed} of {gate.total} passed, {gate.gate}" if gate else "not run to its end"),
        ("decision", run.verdict.choice if run.verdict else "none"),
        ("packet", run.packet.path if run.packet else "not written"),
        ("folder", f"{folder} (events, and the engine's logs)"),
    ]


def _delete(store: RunStore, run_id: str, sure: bool, as_json: bool) -> None:
    """Deletes after --yes, or after a yes that was typed. Packets stay where they were written."""
    if not sure and run_id not in {entry.id for entry in store.list()}:
        raise BadInput(f"There is no run {clean_line(run_id)}.", "`weighbridge runs` lists them.")
    if not sure and not _agreed(run_id):
        raise Refused(f"The run {run_id} was not deleted.", f"`weighbridge runs delete {run_id} --yes` deletes it.")
    store.delete(run_id)
    if as_json:
        output.json_line({"id": run_id, "deleted": True})
    else:
        output.text(f"The run {run_id} and its evidence are deleted.")


def _agreed(run_id: str) -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    output.ask(f"Delete the run {run_id} and its evidence? y/N ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
