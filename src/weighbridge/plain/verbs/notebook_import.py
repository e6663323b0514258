"""`weighbridge import FILE`: what ran in a notebook, back into the run that planned it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from weighbridge.domain.packet import completeness
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import Run
from weighbridge.domain.serving.notebook import AFTERWARDS
from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import kept_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.texts.figures import table
from weighbridge.services.runs.store import RunStore
from weighbridge.session.deps import real_deps
from weighbridge.session.notebook.importing import Evidence, difference, evidence_of, take


def main(args: Namespace) -> int:
    """0 where the evidence stands in its run. What does not fit, or does not hold, changes nothing."""
    deps = real_deps()
    store = RunStore(deps.home)
    diagnostics.note(f"checking {clean_line(args.file)}")
    with evidence_of(Path(args.file)) as evidence:
        run_id = store.find(args.into) if args.into else _that_planned_it(store, evidence)
        with kept_session(deps, run_id) as (session, _):
            before = session.run.notebook
            run = take(session, evidence, args.link or "")
            kept = before.kept_by(evidence.notebook) if before else {}
    _tell_kept(run, kept)
    tell(run, args.json)
    return Exit.DONE


def _tell_kept(run: Run, kept: dict[str, str]) -> None:
    """Says what the run held already, and holds still."""
    names = [AFTERWARDS[name] for name, text in kept.items() if run.notebook and getattr(run.notebook, name) == text]
    if names:
        diagnostics.note(f"kept from the import before, as this file does not tell it: {', '.join(names)}")


def _that_planned_it(store: RunStore, evidence: Evidence) -> str:
    """The newest run of the same plan. BadInput says what the newest one that planned a notebook has otherwise."""
    planned = [e.run for e in store.list() if e.run and e.run.constraints.available_route == "free_colab"]
    said = [(run.id, difference(run, evidence)) for run in planned]
    if found := next((run_id for run_id, why in said if not why), ""):
        return found
    hint = "`weighbridge notebook PLAN -o proof.ipynb` makes such a run of the same plan; --into ID names one."
    if not said:
        raise BadInput("No run on this machine has planned a notebook.", hint)
    raise BadInput(f"No run on this machine planned it; for the newest one, {said[0][0]}, {said[0][1]}.", hint)


def summary(run: Run) -> dict[str, Any]:
    """The object of `import --json`. `was_reset`: null where a marker is not known."""
    notebook, gate = run.notebook, run.evaluation.gate if run.evaluation else None
    assert notebook is not None
    return {
        "run": run.id,
        "notebook": {**notebook.model_dump(mode="json"), "was_reset": notebook.was_reset},
        "proof": run.proof and {"outcome": run.proof.outcome, **run.proof.figures.model_dump(mode="json")},
        "gate": gate and gate.model_dump(mode="json"),
        "missing": [item.id for item in completeness(run) if not item.held],
    }


def tell(run: Run, as_json: bool) -> None:
    """What was taken in, and what is still missing."""
    if as_json:
        output.json_line(summary(run))
        return
    notebook, proof, gate = run.notebook, run.proof, run.evaluation.gate if run.evaluation else None
    assert notebook is not None and proof is not None
    reset = {True: "the machine was started anew underway", False: "not reset", None: "not known"}[notebook.was_reset]
    pairs = [("run", run.id), ("runtime", notebook.runtime_type or "not told"), ("reset", reset)]
    pairs += [("proof", proof.outcome)]
    if gate is not None:
        pairs.append(("eval", f"{gate.gate}, {gate.passed} of {gate.total} passed"))
    pairs.append(("stop", notebook.stop or "not on record"))
    pairs += [("missing", f"{i.title}: {i.fact.reason}") for i in completeness(run) if not i.held]
    output.text(table(pairs))
    diagnostics.note(f"`weighbridge --run {run.id}` goes on with it.")
