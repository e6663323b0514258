"""What a packet must hold: the lesson's nine items and what the route adds, each filled or missing with its reason."""

from __future__ import annotations

from weighbridge.domain.base import Record
from weighbridge.domain.facts import Fact, declared, derived, measured, missing, typed
from weighbridge.domain.flow import eval_is_current, inputs_digest, status
from weighbridge.domain.packet_elsewhere import (
    NOT_RUN,
    PROCESSES,
    notebook_shutdown,
    of_the_route,
    private_notes,
    served_resources,
    served_runtime,
    served_shutdown,
)
from weighbridge.domain.planned import serve_text
from weighbridge.domain.proof.noise import contended_first
from weighbridge.domain.run import Run
from weighbridge.domain.steps import StepId

STALE = "the proof is stale: the model, its settings or its machine have changed since"

CAPPED = "hardware and cap of the plan, which `weighbridge run --rent` rents by"


class Item(Record):
    """One line of the completeness list. `step` is where a person can fill it."""

    id: str
    title: str
    fact: Fact
    step: StepId

    @property
    def held(self) -> bool:
        """Whether there is evidence for it; sources that disagree are evidence too, and `disputed`."""
        return self.fact.status != "missing"

    @property
    def disputed(self) -> bool:
        """Whether sources disagree and the person has not decided: all claims are kept, and there is no value."""
        return self.fact.status == "conflicting"


def completeness(run: Run) -> tuple[Item, ...]:
    """The list of step 9, in the lesson's order, then what the route and private documents ask for beside it."""
    items = [
        Item(id="model", title="Model name", fact=_model(run), step="model"),
        Item(id="licence", title="License note", fact=_licence(run), step="card"),
        Item(id="route", title="Route", fact=_route(run), step="route"),
        Item(id="runtime", title="Runtime", fact=_runtime(run), step="runtime"),
        Item(id="first-run", title="First run", fact=_first_run(run), step="proof"),
        Item(id="eval", title="Eval", fact=_eval(run), step="eval"),
        Item(id="resources", title="Resource note", fact=_resources(run), step="proof"),
        Item(id="shutdown", title="Shutdown", fact=_shutdown(run), step="proof"),
        Item(id="decision", title="Decision", fact=_decision(run), step="decision"),
    ]
    private = private_notes(run.plan) if run.constraints.privacy == "private_docs" else ()
    more = (Item(id=one.id, title=one.title, fact=one.fact, step="runtime") for one in (*of_the_route(run), *private))
    return (*items, *more)


def is_complete(run: Run) -> bool:
    """Whether nothing on the list is missing."""
    return all(item.held for item in completeness(run))


def _model(run: Run) -> Fact:
    model = run.model
    if model is None:
        return missing("no model was chosen")
    where = f"{model.repo}@{model.revision}" if model.repo and model.revision else model.repo
    name = f"{model.name} ({where})" if where and where != model.name else model.name
    return typed(name) if model.kind == "named" else declared(name, model.source)


def _licence(run: Run) -> Fact:
    return run.card.licence if run.card else missing("no model was chosen")


def _route(run: Run) -> Fact:
    return derived(run.decision.route, "the constraint card")


def _runtime(run: Run) -> Fact:
    if run.planned:
        rented = serve_text(run.serve) if run.decision.route == "rented_gpu" else ""
        runtime = "; ".join(filter(None, (run.plan.runtime, rented)))
        return typed(runtime) if runtime else missing("the runtime of the plan was not named")
    if run.proof is None:
        return missing(NOT_RUN)
    if run.target is not None:
        if run.proof.inputs != inputs_digest(run, "proof"):
            return missing(STALE)
        return served_runtime(run, run.target)
    return measured(run.machine.engine, "version of the installed engine")


def _first_run(run: Run) -> Fact:
    if run.planned:
        return missing(f"planned: nothing has run on {run.decision.route} yet")
    lack = _no_proof(run)
    if lack:
        return missing(lack)
    proof = run.proof
    assert proof is not None
    if proof.outcome == "failed":
        return measured(f"failed: {proof.message}", "the engine's exit")
    count = proof.figures.output_tokens
    said = "an answer whose tokens the server does not count" if count is None else f"{count} tokens"
    return measured(f"{contended_first(proof.figures.noise)}{said} at {proof.at}", "the proof")


def _no_proof(run: Run) -> str | None:
    """Why there is no proof to rest on, if there is none. A failed proof is a result; a stopped one is not."""
    proof = run.proof
    if proof is None:
        return NOT_RUN
    if proof.inputs != inputs_digest(run, "proof"):
        return STALE
    return "the proof was stopped before its end" if proof.outcome == "stopped" else None


def _eval(run: Run) -> Fact:
    if run.planned:
        return missing(f"planned: no case has run on {run.decision.route} yet")
    record = run.evaluation
    if record is None or record.gate is None:
        return missing("the eval has not run to its end")
    if not eval_is_current(run):
        return missing("the eval is stale: model, settings, machine, cases or policy have changed since")
    gate = record.gate
    return measured(f"{contended_first(record.noise)}{gate.passed} of {gate.total} passed, {gate.gate}", "the eval")


def _resources(run: Run) -> Fact:
    if run.planned:
        cost = run.plan.cost_per_hour
        if run.decision.route == "rented_gpu" and cost:
            return typed(f"cost per hour {cost}; memory and latency are owed")
        return missing(f"planned: memory, latency and cost on {run.decision.route} are owed")
    lack = _no_proof(run)
    if lack:
        return missing(lack)
    assert run.proof is not None
    figures = run.proof.figures
    if figures.server is not None:
        return served_resources(figures)
    if figures.peak_rss_bytes is None:
        return missing("this system did not tell the memory of the engine's process")
    ttft = "not reached" if figures.ttft_s is None else f"{figures.ttft_s:.2f} s"
    peak = figures.peak_rss_bytes / 2**20
    return measured(f"{contended_first(figures.noise)}peak RSS {peak:.0f} MiB, TTFT {ttft}", "the proof")


def _shutdown(run: Run) -> Fact:
    if run.planned:
        command = run.plan.stop_command
        if command:
            return typed(f"to stop: {command}")
        if run.decision.route == "rented_gpu" and run.serve.hardware and run.serve.cap_usd is not None:
            return derived("weighbridge cancels the job when it is done, and the provider's time limit ends it", CAPPED)
        return missing("the stop command was not typed")
    lack = _no_proof(run)
    if lack:
        return missing(lack)
    assert run.proof is not None
    if run.target is not None:
        return served_shutdown(run, run.target)
    if run.notebook is not None:
        return notebook_shutdown(run, run.proof.shutdown)
    if not run.proof.shutdown:
        return missing("no process was ever started")
    return measured(run.proof.shutdown, PROCESSES)


def _decision(run: Run) -> Fact:
    if run.verdict is None:
        return missing("nothing was decided" + (": the evidence is owed" if run.planned else ""))
    if status(run, "decision") == "stale":
        return missing("the decision is stale: the results or the constraints have changed since")
    decided = f"{run.verdict.choice}: {run.verdict.reason}"
    if run.verdict.accepted:
        return derived(decided, "the recommendation stood: nobody chose otherwise")
    return typed(decided)
