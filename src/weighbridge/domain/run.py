"""The one state object: everything a person answered and everything that was measured for it.

A `Run` is frozen. The session makes a new one for every intent and saves it; screens draw themselves from it.
The events of its proofs and evals stand beside it in `events.jsonl`, and its figures are derived from them.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.facts import typed
from weighbridge.domain.load.records import LoadRecord
from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.model.card import CardFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.model.licences import LicenceNote
from weighbridge.domain.proof.events import Mode, Outcome
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.route.decide import RouteDecision
from weighbridge.domain.serving.identity import ServedModel, served_model
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.rental import Rental
from weighbridge.domain.serving.target import Target
from weighbridge.domain.steps import StepId
from weighbridge.domain.verdict.cases import CasePack, Policy
from weighbridge.domain.verdict.cost import JobCost
from weighbridge.domain.verdict.decision import Baseline, CaseResult, Choice, GateResult, Tried, Verdict
from weighbridge.domain.verdict.doubts import told
from weighbridge.domain.verdict.rules import Rules

DEFAULT_PROMPT = (
    "Explain in three sentences when a team should run an open-weight model on a laptop and when it should rent a GPU."
)


class Override(Record):
    """A refusal that the person overruled, with the figures it was refused for."""

    what: Literal["memory", "licence"]
    refusal: str
    reason: str
    at: str


class PlanDetails(Record):
    """What a person types for a route that is planned, not run: every empty field is evidence still owed."""

    runtime: str = ""
    cost_per_hour: str = ""
    stop_command: str = ""
    endpoint: str = ""
    notebook_link: str = ""
    runtime_type: str = ""
    reset_note: str = ""
    access_rule: str = ""
    source_trace: str = ""
    no_leak_note: str = ""


class ProofRecord(Record):
    """The proof as the run keeps it; the events hold the rest. `inputs`: digest of what it was run with."""

    job_id: str
    inputs: str
    at: str
    mode: Mode
    outcome: Outcome
    figures: JobFigures
    prompt: str
    output: str
    shutdown: str
    message: str = ""


class EvalRecord(Record):
    """A baseline eval. `policy` and `pack` were fixed at `fixed_at`, before the first case ran.

    `replaces`: the eval of the same inputs, with its gate, that this one takes the place of once it is through. Until
    then nothing of it is lost, whatever ends the program.
    """

    job_ids: tuple[str, ...] = ()
    inputs: str
    fixed_at: str
    pack: CasePack
    policy: Policy
    mode: Mode | None = None
    results: tuple[CaseResult, ...] = ()
    gate: GateResult | None = None
    outcome: Literal["completed", "stopped", "failed", "running"] = "running"
    message: str = ""
    shutdown: str = ""
    noise: Noise | None = Field(default=None, description="of the newest job that graded a case")
    model_sha256: str = Field(default="", description="of the model that the newest child was started with")
    served: ServedModel | None = Field(default=None, description="behind a server, with what that told last")
    replaces: EvalRecord | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        """Sentences on the server's account of the answers, each with the cases that it is of."""
        return told(self.results)


class PacketRecord(Record):
    """Where the packet was written. `seal` is the SHA-256 of its tag manifest: equal seals, equal packets."""

    path: str
    seal: str
    at: str
    inputs: str
    complete: bool
    planned: bool


def target_of(rental: Rental) -> Target:
    """The server of a rental that answered."""
    return Target(
        api="openai",
        base_url=rental.endpoint,
        model=rental.order.repo,
        origin="rented",
        engine=rental.order.engine,
        job=rental.job_id,
    )


class Run(Record):
    """One weighing, from the first question to the packet."""

    schema_version: Literal[2] = 2
    id: str
    name: str = Field(default="", max_length=80, description="the person's own name for the run")
    created_at: str
    updated_at: str
    constraints: ConstraintCard = ConstraintCard()
    decision: RouteDecision
    machine: MachineFacts
    model: ModelChoice | None = None
    declared: CardFacts | None = Field(default=None, description="what file and model card declare")
    typed_facts: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="what the person typed, by model key and card field"
    )
    licence: LicenceNote | None = Field(default=None, description="what the licence on the card allows")
    settings: RuntimeSettings = RuntimeSettings()
    forecast: Forecast | None = None
    plan: PlanDetails = PlanDetails()
    serve: ServePlan = ServePlan()
    overrides: tuple[Override, ...] = ()
    prompt: str = Field(default=DEFAULT_PROMPT, min_length=1)
    pack: CasePack | None = None
    policy: Policy | None = None
    proof: ProofRecord | None = None
    evaluation: EvalRecord | None = None
    baselines: tuple[Baseline, ...] = Field(default=(), description="earlier evals that ran to their gate")
    tried: tuple[Tried, ...] = Field(default=(), description="prompts and retrieval tried against a failed baseline")
    rentals: tuple[Rental, ...] = Field(default=(), description="GPUs rented for this run, the newest last")
    notebook: NotebookRuntime | None = Field(default=None, description="where the proof ran, if in a notebook")
    load: LoadRecord | None = Field(default=None, description="the newest load test")
    spent: dict[str, JobCost] = Field(default_factory=dict, description="what each job has cost, by its id")
    rules: Rules | None = Field(
        default=None, exclude=True, description="of the decision: the program's, put in when a run is opened"
    )
    choice: Choice | None = Field(default=None, description="typed; None follows the recommendation")
    reason: str = Field(default="", description="typed; empty follows the recommendation")
    verdict: Verdict | None = None
    packet: PacketRecord | None = None
    confirmed: dict[StepId, str] = Field(
        default_factory=dict, description="digest of each step's inputs when the person said Next"
    )

    @property
    def planned(self) -> bool:
        """Whether the route runs somewhere else and nothing there answers, so that this run is a plan."""
        return self.constraints.available_route != "local_cpu" and self.target is None and self.notebook is None

    @property
    def target(self) -> Target | None:
        """The server that answers; None: the child on this machine, or nothing at all."""
        model, rental = self.model, self.answering
        if model is not None and model.served:
            engine = "transformers" if model.kind == "transformers" else ""
            return Target(
                api="ollama" if model.kind == "ollama" else "openai",
                base_url=model.address,
                model=model.served_name,
                origin="started" if model.kind == "transformers" else "given",
                engine=engine,
            )
        rented = self.constraints.available_route == "rented_gpu"
        return target_of(rental) if rented and rental is not None else None

    @property
    def served(self) -> ServedModel | None:
        """The model behind the server, as it was chosen; None for one whose files were hashed here."""
        return served_model(self.target, self.answering.order.revision if self.answering else "")

    @property
    def rental(self) -> Rental | None:
        """The newest rental, if there is one."""
        return self.rentals[-1] if self.rentals else None

    @property
    def answering(self) -> Rental | None:
        """The newest rental whose server answered, stopped or not: one that failed takes no evidence away."""
        return next((one for one in reversed(self.rentals) if one.endpoint), None)

    @property
    def planned_only(self) -> bool:
        """Whether it is a plan, and nothing is on its way that would make it more."""
        return self.planned and (self.rental is None or self.rental.over)

    @property
    def model_key(self) -> str:
        """Tells this model from another one: its digest, its server and name there, or the name of a planned one."""
        model = self.model
        if model is not None and model.served:
            return f"{model.address}#{model.served_name}@{model.revision}"
        return "" if model is None else model.sha256 or f"{model.repo}@{model.revision}"

    @property
    def card(self) -> CardFacts | None:
        """What the file declares, with what the person typed over it. None without a model."""
        if self.declared is None:
            return None
        own = self.typed_facts.get(self.model_key, {})
        return self.declared.model_copy(update={field: typed(text) for field, text in own.items()})

    @property
    def memory_override(self) -> Override | None:
        """The override of the present memory refusal, if there is one."""
        return next((o for o in reversed(self.overrides) if o.what == "memory"), None)
