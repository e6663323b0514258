"""What a packet must hold: the lesson's nine items and what the route adds, each filled or missing with its reason."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.base import Record
from weighbridge.domain.facts import Fact, declared, measured, missing, typed
from weighbridge.domain.flow import eval_is_current, inputs_digest, status
from weighbridge.domain.run import Run
from weighbridge.domain.steps import StepId


class Item(Record):
    """One line of the completeness list. `step` is where a person can fill it."""

    id: str
    title: str
    fact: Fact
    step: StepId

    @property
    def held(self) -> bool:
        return self.fact.status != "missing"


def completeness(run: Run) -> tuple[Item, ...]:
    """The list of step 9, in the lesson's order."""
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
    return (*items, *_of_the_route(run))


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
    return typed(run.decision.route)


def _runtime(run: Run) -> Fact:
    if run.planned:
        runtime = run.plan.runtime
        return typed(runtime) if runtime else missing("the runtime of the plan was not named")
    if run.proof is None:
        return missing("the proof has not run")
    return measured(run.machine.engine, "version of the installed engine")


def _first_run(run: Run) -> Fact:
    if run.planned:
        return missing(f"planned: nothing has run on {run.decision.route} yet")
    proof = run.proof
    if proof is None:
        return missing("the proof has not run")
    if proof.inputs != inputs_digest(run, "proof"):
        return missing("the proof is stale: the model or its settings have changed since")
    if proof.outcome == "failed":
        return measured(f"failed: {proof.message}", "the engine's exit")
    return measured(f"{proof.figures.output_tokens} tokens at {proof.at}", "the proof")


def _eval(run: Run) -> Fact:
    if run.planned:
        return missing(f"planned: no case has run on {run.decision.route} yet")
    record = run.evaluation
    if record is None or record.gate is None:
        return missing("the eval has not run to its end")
    if not eval_is_current(run):
        return missing("the eval is stale: model, settings, cases or policy have changed since")
    gate = record.gate
    return measured(f"{gate.passed} of {gate.total} passed, {gate.gate}", "the eval")


def _resources(run: Run) -> Fact:
    if run.planned:
        cost = run.plan.cost_per_hour
        if run.decision.route == "rented_gpu" and cost:
            return typed(f"cost per hour {cost}; memory and latency are owed")
        return missing(f"planned: memory, latency and cost on {run.decision.route} are owed")
    if run.proof is None or run.proof.figures.peak_rss_bytes is None:
        return missing("the proof has not run")
    figures = run.proof.figures
    ttft = "not reached" if figures.ttft_s is None else f"{figures.ttft_s:.2f} s"
    peak = (figures.peak_rss_bytes or 0) / 2**20
    return measured(f"peak RSS {peak:.0f} MiB, TTFT {ttft}", "the proof")


def _shutdown(run: Run) -> Fact:
    if run.planned:
        command = run.plan.stop_command
        if command:
            return typed(f"to stop: {command}")
        return missing("the stop command was not typed")
    if run.proof is None or not run.proof.shutdown:
        return missing("the proof has not run")
    return measured(run.proof.shutdown, "the operating system's process table")


def _decision(run: Run) -> Fact:
    if run.verdict is None:
        return missing("nothing was decided" + (": the evidence is owed" if run.planned else ""))
    if status(run, "decision") == "stale":
        return missing("the decision is stale: the results or the constraints have changed since")
    return typed(f"{run.verdict.choice}: {run.verdict.reason}")


def _of_the_route(run: Run) -> Iterator[Item]:
    """What the lesson asks beside the nine, for a notebook and for a rented GPU."""
    plan = run.plan
    owed: dict[str, tuple[str, str]] = {}
    if run.decision.route == "free_colab":
        owed = {
            "notebook-link": ("Notebook link", plan.notebook_link),
            "runtime-type": ("Runtime type", plan.runtime_type),
            "reset-note": ("Reset note", plan.reset_note),
        }
    elif run.decision.route == "rented_gpu":
        owed = {
            "endpoint": ("Endpoint", plan.endpoint),
            "cost": ("Cost per hour", plan.cost_per_hour),
            "stop-command": ("Stop command", plan.stop_command),
        }
    for key, (title, value) in owed.items():
        fact = typed(value) if value else missing("planned: still owed")
        yield Item(id=key, title=title, fact=fact, step="runtime")
