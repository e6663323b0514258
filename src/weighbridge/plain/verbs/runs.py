"""`weighbridge runs`: list, show, rename, delete. (`resume` is the wizard; files are the matter of `runs_files`.)"""

from __future__ import annotations

import asyncio
import sys
from argparse import Namespace

from weighbridge.domain.flow import status
from weighbridge.domain.problems import OutsideFailed, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.steps import STEPS
from weighbridge.domain.text import clean_line
from weighbridge.plain import output
from weighbridge.plain.exits import Exit
from weighbridge.plain.texts.figures import table
from weighbridge.plain.texts.wrapping import columns, on_terminal, wrapped
from weighbridge.plain.verbs import runs_files
from weighbridge.services.runs.store import RunEntry, RunStore
from weighbridge.session.runs.run_list import RunRow, row, rows, size_words, with_size


def main(args: Namespace) -> int:
    store = RunStore()
    if store.home.exists() and not store.home.is_dir():
        name = clean_line(str(store.home))
        raise OutsideFailed(f"{name} is a file, and runs are kept in a folder.", "WEIGHBRIDGE_HOME names another one.")
    match args.action:
        case "show":
            _show(store, store.find(args.id), args.json)
        case "rename":
            _rename(store, store.find(args.id), args.name, args.json)
        case "delete":
            _delete(store, store.find(args.id), args.yes, args.json)
        case "export" | "import" | "mend" | "disk":
            runs_files.main(store, args)
        case _:
            _list(store, getattr(args, "words", ()), args.json)
    return Exit.DONE


def _list(store: RunStore, words: tuple[str, ...], as_json: bool) -> None:
    """One line a run, and one JSON object a line for a program. At a terminal a line goes on below itself."""
    found = rows(store, words)
    for one in found:
        if as_json:
            output.json_line(one.model_dump(mode="json"))
        else:
            text = _line(one)
            output.text("\n".join(wrapped(text, columns(), "    ")) if on_terminal() else text)
    if not found and not as_json:
        none = "There are no runs yet: `weighbridge` starts one."
        output.text(f"No run holds {clean_line(' '.join(words))}." if words else none)


def _line(one: RunRow) -> str:
    if one.problem:
        return clean_line(f"{one.id}: {one.problem} ({size_words(one.size_bytes)})")
    done = sum(stands == "done" for stands in one.steps.values())
    parts = [
        one.name,
        f"{done} of {len(STEPS)} steps done",
        one.model or "no model",
        one.route or "",
        f"proof {one.proof}" if one.proof else "no proof",
        f"gate {one.gate}" if one.gate else "",
        one.decision or "undecided",
        f"changed {one.updated_at}",
        size_words(one.size_bytes),
        one.task or "",
    ]
    return clean_line(f"{one.id}: {', '.join(part for part in parts if part)}")


def _show(store: RunStore, run_id: str, as_json: bool) -> None:
    run = store.load(run_id)
    folder = store.runs / run_id
    one = with_size(store, row(RunEntry(run_id, run)))
    if as_json:
        logs = [str(path) for path in sorted(folder.glob("logs/*"))]
        output.json_line({**one.model_dump(mode="json"), "folder": str(folder), "logs": logs})
        return
    output.text(table([(name, clean_line(value)) for name, value in _facts(run, one, str(folder))]))
    output.text("Steps\n" + table([(f"{s.number} {s.title}", status(run, s.id)) for s in STEPS]))


def _facts(run: Run, one: RunRow, folder: str) -> list[tuple[str, str]]:
    gate = run.evaluation.gate if run.evaluation else None
    return [
        ("run", run.id),
        ("name", run.name or "none"),
        ("created", run.created_at),
        ("changed", run.updated_at),
        ("task", run.constraints.task),
        ("route", run.decision.route),
        ("model", run.model.name if run.model else "not chosen"),
        ("proof", run.proof.outcome if run.proof else "not run"),
        ("eval", f"{gate.passed} of {gate.total} passed, {gate.gate}" if gate else "not run to its end"),
        ("decision", run.verdict.choice if run.verdict else "none"),
        ("packet", run.packet.path if run.packet else "not written"),
        ("folder", f"{folder} ({size_words(one.size_bytes)}: events, and the engine's logs)"),
    ]


def _rename(store: RunStore, run_id: str, name: str, as_json: bool) -> None:
    from weighbridge.session.deps import real_deps
    from weighbridge.session.runs.renaming import rename

    run = asyncio.run(rename(store, real_deps(store.home), run_id, name))
    if as_json:
        output.json_line({"id": run_id, "name": run.name})
    else:
        output.text(f"The run {run_id} is named {run.name}." if run.name else f"The run {run_id} has no name.")


def _delete(store: RunStore, run_id: str, sure: bool, as_json: bool) -> None:
    """Deletes after --yes, or after a yes that was typed. Packets stay where they were written."""
    if not sure:
        store.require(run_id)
        if not _agreed(run_id):
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
