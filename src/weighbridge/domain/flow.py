"""Which steps are done, stale or still to do; what keeps Next from going on; where a run resumes.

Staleness is a comparison of digests: each step's evidence remembers the digest of the inputs it was made from. An
early answer that changes makes later steps stale only where it is among their inputs, and deletes nothing.
"""

from __future__ import annotations

from typing import Any, Literal

from weighbridge.domain.base import digest
from weighbridge.domain.deciding import advice
from weighbridge.domain.facts import Fact
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.licences import LicenceNote
from weighbridge.domain.run import Override, Run
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.steps import ORDER, StepId
from weighbridge.domain.verdict.decision import ACCEPTED, Choice, GateResult, Option
from weighbridge.domain.verdict.rules import Advice

Status = Literal["done", "todo", "stale", "attention"]
"""`attention`: something ran and did not end well, or something is refused."""


def _model_identity(run: Run) -> Any:
    model = run.model
    if model is None:
        return None
    served = (model.address, model.served_name) if model.served else ()
    return (model.kind, model.repo, model.revision, model.file_name, model.sha256, *served)


def elsewhere(run: Run) -> bool:
    """Whether no file of the model has to be on this machine: another one runs it, or is planned to."""
    if run.notebook is not None and run.notebook.inside:
        return False
    return run.constraints.available_route != "local_cpu" or run.target is not None


def _machine_identity(run: Run) -> tuple[Any, ...]:
    """What the model runs on, where that is not this machine: each rental is a machine of its own."""
    target, rental, notebook = run.target, run.answering, run.notebook
    if target is not None and target.origin == "rented" and rental is not None:
        order = rental.order
        return (order.hardware.name, order.image, order.command, order.id)
    return (notebook.boot_id,) if notebook is not None else ()


def _inputs(run: Run, step: StepId) -> Any:
    """The plain data that a step's evidence depends on."""
    how = (run.settings, run.prompt)
    match step:
        case "constraints":
            return run.constraints
        case "route":
            rejected = [(r.id, r.code) for r in run.decision.rejected]
            return (run.decision.route, run.decision.family.id, rejected, run.decision.adaptation)
        case "model":
            return (elsewhere(run), _model_identity(run))
        case "card":
            return (_model_identity(run), run.card, run.licence, run.constraints.commercial_use)
        case "runtime":
            serve = (run.serve,) if run.serve != ServePlan() else ()
            return (_model_identity(run), *how, run.plan if elsewhere(run) else None, *serve)
        case "proof":
            return (run.planned, _model_identity(run), *how, *_machine_identity(run))
        case "eval":
            pack = run.pack.digest if run.pack else ""
            return (run.planned, _model_identity(run), run.settings, pack, run.policy, *_machine_identity(run))
        case "decision":
            results = run.evaluation.results if run.evaluation else ()
            needs = (run.constraints.privacy, run.constraints.needs_fine_tuning)
            rests_on = (current_gate(run), failure(run))
            tried = (run.tried,) if run.tried else ()
            return (run.planned, results, rests_on, needs, run.choice, run.reason, *tried)
        case "packet":
            proof = run.proof.job_id if run.proof else ""
            return ([digest(_inputs(run, s)) for s in ORDER[:-1]], proof, run.plan, run.overrides)


def inputs_digest(run: Run, step: StepId) -> str:
    """SHA-256 of what the evidence of a step depends on."""
    return digest(_inputs(run, step))


def status(run: Run, step: StepId) -> Status:
    """Where a step stands. Asked for at every redraw: a step that has nothing to compare costs no digest."""
    evidence = {"proof": run.proof, "eval": run.evaluation, "packet": run.packet}.get(step)
    if evidence is None and step not in run.confirmed:
        return "todo"
    now = inputs_digest(run, step)
    if step == "proof" and run.proof:
        if run.proof.inputs != now:
            return "stale"
        if run.proof.outcome != "completed":
            return "attention"
    if step == "eval" and run.evaluation:
        if run.evaluation.inputs != now:
            return "stale"
        if run.evaluation.gate is None:
            return "attention" if run.evaluation.outcome == "failed" else "todo"
    if step in ("proof", "eval") and evidence is not None:
        # What ran is current: that an earlier one was confirmed makes it unconfirmed, not stale.
        return "done" if run.confirmed.get(step) == now else "todo"
    if step == "packet":
        if run.packet is None:
            return "todo"
        return "done" if run.packet.inputs == now else "stale"
    seen = run.confirmed.get(step)
    if seen is None:
        return "todo"
    return "done" if seen == now else "stale"


def first_open(run: Run) -> StepId:
    """The first step that is not done: where a run resumes. The last step when all are done."""
    return next((s for s in ORDER if status(run, s) != "done"), ORDER[-1])


def recommended(run: Run) -> tuple[Choice | None, str]:
    """The choice and reason that stand if the person types none: the program's recommendation, said as such."""
    found = advised(run)
    return (found.choice, f"{ACCEPTED}: {found.why}") if found.choice else (None, "")


def allowed(run: Run) -> tuple[tuple[Option, ...], Choice | None]:
    """What the evidence at hand allows, and what it recommends."""
    found = advised(run)
    return found.options, found.choice


def advised(run: Run) -> Advice:
    """The options, and the recommendation with its reasons. The rules are those that the run carries."""
    return advice(run, current_gate(run), failure(run))


def current_gate(run: Run) -> GateResult | None:
    """The gate of the eval on record, if it was made with the present model, settings, cases and policy."""
    return run.evaluation.gate if run.evaluation and eval_is_current(run) else None


def failure(run: Run) -> str:
    """Why the proof failed, if the one on record did and is of the present model and settings; else empty."""
    proof = run.proof
    if run.planned or proof is None or proof.outcome != "failed" or proof.inputs != inputs_digest(run, "proof"):
        return ""
    return proof.message


def eval_is_current(run: Run) -> bool:
    """Whether the eval on record was made with the present model, settings, cases and policy."""
    return run.evaluation is not None and run.evaluation.inputs == inputs_digest(run, "eval")


def missing(run: Run, step: StepId) -> str | None:
    """What keeps Next from leaving a step, as one sentence; None where nothing does."""
    match step:
        case "constraints":
            return None if run.constraints.task.strip() else "Say what the task is."
        case "model":
            return _missing_model(run)
        case "card":
            return _missing_permission(run)
        case "runtime":
            return missing_memory(run) or _missing_file(run)
        case "proof":
            return _missing_proof(run)
        case "eval":
            return _missing_eval(run)
        case "decision":
            return _missing_decision(run)
        case "packet":
            return None if run.packet else "Save the packet."
        case _:
            return None


def _missing_model(run: Run) -> str | None:
    if run.model is None:
        return "Choose a model: the bundled one, a .gguf file, or a repository of the Hub."
    if run.model.kind == "named" and not elsewhere(run):
        return "A name is enough for a plan only: choose the bundled model, a .gguf file, or a repository of the Hub."
    if run.model.kind == "hub" and not run.model.file_name and not elsewhere(run):
        return f"Choose one file of {run.model.repo}: the repository alone is enough for a plan only."
    return None


def licence_refusal(run: Run) -> str:
    """Why the licence does not cover the stated use, as one sentence; empty where nothing speaks against it.

    It names model, licence and source, so that it differs as soon as one of them does.
    """
    if not run.constraints.commercial_use or run.model is None or run.card is None:
        return ""
    note = run.licence
    if note is not None and note.licence_class not in ("non-commercial", "unknown"):
        return ""
    return f"Commercial use is stated, but {_barred(run.card.licence, note, _exact_name(run.model))}."


def _barred(fact: Fact, note: LicenceNote | None, name: str) -> str:
    """Which licence of the model stands against commercial use, from where, and why."""
    barred = note is not None and note.licence_class == "non-commercial"
    so = "commercial use is not allowed" if barred else "no permission is known"
    if fact.status == "missing":
        return f"no licence of {name} is known"
    if fact.status == "conflicting":
        said = ", ".join(f"{claim.value} ({claim.source})" for claim in fact.claims)
        return f"sources disagree on the licence of {name}, {said}, and the strictest counts: {so}"
    return f"the licence of {name} is {fact.text}: {so} (source: {fact.source})"


def _exact_name(model: ModelChoice) -> str:
    """The model with its file and the start of its revision, as far as they are known."""
    exact = ", ".join(filter(None, (model.file_name, model.revision[:12])))
    return f"{model.name} ({exact})" if exact else model.name


def licence_override(run: Run) -> Override | None:
    """The override of the present licence refusal; one of another model, licence or source does not count."""
    refusal = licence_refusal(run)
    found = (o for o in reversed(run.overrides) if o.what == "licence" and o.refusal == refusal)
    return next(found, None) if refusal else None


def _missing_permission(run: Run) -> str | None:
    return None if licence_override(run) else licence_refusal(run) or None


def missing_memory(run: Run) -> str | None:
    """The memory refusal, unless it was overruled."""
    forecast = run.forecast
    if elsewhere(run) or forecast is None or forecast.verdict != "does_not_fit" or run.memory_override:
        return None
    return memory_refusal(run)


def _missing_file(run: Run) -> str | None:
    """A file of the Hub has to be here before anything can run it; elsewhere nothing is needed here."""
    if elsewhere(run) or run.model is None or not run.model.to_download:
        return None
    return "Download the model with ctrl+d first."


def memory_refusal(run: Run) -> str:
    """The sentence of a memory refusal, with its figures (MiB)."""
    forecast = run.forecast
    assert forecast is not None
    need, there = forecast.total_bytes / 2**20, (forecast.available_bytes or 0) / 2**20
    return (
        f"The model needs about {need:,.0f} MiB at a context of {run.settings.n_ctx:,} tokens, "
        f"and {there:,.0f} MiB are available."
    )


def _missing_proof(run: Run) -> str | None:
    if run.planned:
        return None
    if run.proof is None or run.proof.outcome == "stopped":
        return "Start the proof with ctrl+r, and let it end."
    if run.proof.inputs != inputs_digest(run, "proof"):
        return f"The model{_or_machine(run)} or its settings have changed since the proof: start it again with ctrl+r."
    return None


def _or_machine(run: Run) -> str:
    return ", the rented machine" if len(run.rentals) > 1 else ""


def _missing_eval(run: Run) -> str | None:
    if run.planned or (run.proof and run.proof.outcome == "failed"):
        return None
    if not eval_is_current(run):
        return "Start the eval with ctrl+r."
    assert run.evaluation is not None
    if run.evaluation.gate is None and run.evaluation.outcome != "failed":
        done, total = len(run.evaluation.results), len(run.evaluation.pack.active)
        return f"{done} of {total} cases are done: start the eval with ctrl+r, it goes on where it stopped."
    return None


def _missing_decision(run: Run) -> str | None:
    rows, _ = allowed(run)
    choice = run.choice or recommended(run)[0]
    if choice is None:
        return None
    option = next(o for o in rows if o.choice == choice)
    if not option.allowed:
        way_out = f" {option.way_out}." if option.way_out else ""
        return f"{choice} is not allowed: {option.why}.{way_out}"
    if not (run.reason.strip() or recommended(run)[0] == choice):
        return f"Say why: {choice} is not what the figures recommend."
    return None
