"""The JSON files of a packet as models: the writer fills them, `verify` reads them, their schemas lie beside them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, TypeAdapter

from weighbridge.domain.base import Record
from weighbridge.domain.load.records import LoadRecord, LoadRequest
from weighbridge.domain.model.card import CardFacts
from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.packet import Item
from weighbridge.domain.proof.events import EVENT, Conditions, JobKind, Mode, PrefixChecked, Sensors, Swept
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.recipe import Recipe
from weighbridge.domain.proof.settings import HeardSettings
from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.route.decide import RouteDecision
from weighbridge.domain.run import Override, PlanDetails
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.verdict.cases import Case, Policy
from weighbridge.domain.verdict.cost import Cost, JobCost
from weighbridge.domain.verdict.decision import Baseline, CaseResult, Choice, GateResult, Option, Tried, Verdict
from weighbridge.services.packet_io.records.elsewhere import FORM as FORM
from weighbridge.services.packet_io.records.elsewhere import NotebookFile, RentalsFile, ServerFile
from weighbridge.services.packet_io.records.model import LicenceFile, ModelFile, Sha256

Status = Literal["measured", "planned"]
"""`measured`: something ran and is in the packet. `planned`: nothing in the packet was run."""
Outcome = Literal["completed", "stopped", "failed", "running"]
ForecastMethod = Literal["engine", "formula"]


class EvalNote(Record):
    """What the eval came to. `current`: it was made with the model, settings, cases and policy of this packet."""

    job_ids: tuple[str, ...]
    fixed_at: str = Field(description="when the policy was saved: before the first case ran")
    mode: Mode | None
    outcome: Outcome
    current: bool
    gate: GateResult | None = Field(description="null: not every case has a result")
    message: str
    shutdown: str
    noise: Noise | None = Field(description="of the newest job that graded a case: quiet, contended or unknown")
    doubts: tuple[str, ...] = Field(default=(), description="what of a server's account of its answers is doubtful")


class DecisionFile(Record):
    """data/decision.json: from the constraints to the decision, with what was not allowed and why."""

    schema_version: Literal[4] = FORM
    packet: str = Field(description="urn:uuid of this packet, as in bag-info.txt")
    run: str
    written_at: str
    software: str
    status: Status
    model: str | None
    model_sha256: Sha256 | None
    constraints: ConstraintCard
    route: RouteDecision
    evaluation: EvalNote | None
    baselines: tuple[Baseline, ...] = Field(default=(), description="earlier evals that ran to their gate")
    tried: tuple[Tried, ...] = Field(default=(), description="prompts and retrieval tried against a failed baseline")
    options: tuple[Option, ...]
    recommended: Choice | None
    recommended_why: str = ""
    spent: dict[str, JobCost] = Field(default_factory=dict, description="what each job has cost, by its id")
    cost: Cost | None = Field(default=None, description="what the run has cost so far")
    verdict: Verdict | None
    verdict_current: bool = Field(description="the verdict was made on exactly this evidence")
    overrides: tuple[Override, ...]
    completeness: tuple[Item, ...]
    complete: bool
    disputed: tuple[str, ...] = Field(description="items on which sources disagree and nobody decided")
    formulas: dict[str, str]


class PolicyFile(Record):
    """data/policy.json: the rule of the gate. `fixed_at` is null until an eval was begun under it."""

    policy: Policy
    fixed_at: str | None
    rule: str
    cases_digest_of: str


class AttemptRow(Record):
    """One child of one job, and how it ended."""

    job_id: str
    job: JobKind
    number: int
    at: str
    mode: Mode
    reason: str
    outcome: str
    message: str
    runtime: str
    version: str
    model_sha256: Sha256
    log: str | None = Field(description="path of the engine's log in the packet; null: none was kept")
    log_sha256: Sha256 | None = Field(description="SHA-256 of that log as it lies in the packet")


class Comparison(Record):
    """One quantity: forecast before the run against what was seen. Bytes; null: not known."""

    quantity: str
    forecast_bytes: int | None
    forecast_by: ForecastMethod
    measured_bytes: int | None
    measured_by: str
    difference_percent: float | None = Field(
        description="100 * (forecast - measured) / measured; null: one is not known, or the measured one is 0"
    )


class ProofNote(Record):
    """The first run. `current`: it was made with the model, settings and prompt of this packet."""

    job_id: str
    at: str
    mode: Mode
    outcome: Outcome
    current: bool
    note: str = Field(description="empty, or why the figures do not speak of what is chosen")
    model_sha256: Sha256 | None
    prompt: str
    output: str
    figures: JobFigures
    shutdown: str
    message: str


class RuntimeFile(Record):
    """data/runtime.json: how it was run and what was measured, or, for a plan, what the person typed."""

    schema_version: Literal[4] = FORM
    status: Status
    name: str | None
    version: str | None
    engine: str | None = Field(description="library and version as the child saw it")
    python: str | None
    system_info: str | None = Field(description="llama_print_system_info() of the child")
    command: tuple[str, ...]
    command_line: str = Field(description="the command, quoted for a POSIX shell")
    settings: HeardSettings = Field(description="those of the proof, where one has run")
    chosen_settings: HeardSettings = Field(description="those that are chosen: others than `settings` if it is stale")
    attempts: tuple[AttemptRow, ...]
    threads: Swept | None = Field(description="the threads of the proof, how they were chosen, and the trials")
    sensors: Sensors | None = Field(description="what the system does not tell while the proof runs, with the reasons")
    conditions: tuple[Conditions, ...] = Field(description="the machine just before the proof's child and just after")
    prefix_checks: tuple[PrefixChecked, ...] = Field(
        description="whether answers stay the same where a prompt keeps a part of the KV cache, once for each child"
    )
    proof: ProofNote | None
    forecast: Forecast | None
    forecast_against_measured: tuple[Comparison, ...] | None = Field(description="null: they cannot be compared")
    jobs_left_out: int = Field(ge=0, description="earlier jobs of the run whose events are not in events.jsonl")
    overrides: tuple[Override, ...]
    plan: PlanDetails | None
    serve: ServePlan | None = Field(default=None, description="what is to be rented, and what is started there")
    missing: dict[str, str]
    formulas: dict[str, str]


class SystemFile(Record):
    """data/system.json: MLPerf's names for the machine, llama-bench's for the engine. No host or user name.

    Sizes in bytes. `missing` says why a field is null.
    """

    operating_system: str | None
    host_processor_model_name: str | None
    cpu_info: str | None = Field(description="llama-bench's name for host_processor_model_name")
    host_processor_core_count: int | None
    host_memory_capacity: int | None
    accelerators_per_node: int | None
    framework: str | None
    other_software_stack: str | None
    hw_notes: str | None
    sw_notes: str | None
    build_commit: str | None
    model_filename: str | None
    model_type: str | None
    model_size: int | None
    model_n_params: int | None
    n_batch: int | None
    n_ubatch: int | None
    n_threads: int | None = Field(description="for decode, as used")
    n_threads_batch: int | None = Field(description="for prefill, as used")
    threads_chosen: str | None = Field(description="how the threads were come by")
    type_k: str | None
    type_v: str | None
    load_mode: str | None
    repack: bool | None
    flash_attn: str | None
    n_prompt: int | None
    n_gen: int | None
    avg_ts: float | None = Field(description="decode tokens/s of the proof: mean of samples_ts")
    stddev_ts: float | None = Field(description="of samples_ts, from two answers on (n - 1 in the divisor)")
    samples_ts: tuple[float, ...] | None = Field(description="decode tokens/s of each answer of the proof")
    samples_ns: tuple[int, ...] | None = Field(description="nanoseconds of each answer, first token to last")
    load_average_start: float | None
    load_average_end: float | None
    noise: str | None = Field(description="quiet, contended or unknown: the mark of the proof, by the rule printed")
    missing: dict[str, str]


class Replaced(Record):
    """What stands in place of something that was taken out of a file. What that was is nowhere in a packet."""

    kind: Literal["folder", "name", "credential"]
    label: str
    file: str
    count: int = Field(ge=1, description="how often the label stands in the file")


class RedactionsFile(Record):
    """data/redactions.json: what was taken out of the records and logs before they were written."""

    rule: str
    replaced: tuple[Replaced, ...]


SCHEMAS: dict[str, TypeAdapter[Any]] = {
    "decision": TypeAdapter(DecisionFile),
    "model": TypeAdapter(ModelFile),
    "card-facts": TypeAdapter(CardFacts),
    "licence": TypeAdapter(LicenceFile),
    "policy": TypeAdapter(PolicyFile),
    "case": TypeAdapter(Case),
    "result": TypeAdapter(CaseResult),
    "recipe": TypeAdapter(Recipe),
    "runtime": TypeAdapter(RuntimeFile),
    "system": TypeAdapter(SystemFile),
    "redactions": TypeAdapter(RedactionsFile),
    "server": TypeAdapter(ServerFile),
    "rentals": TypeAdapter(RentalsFile),
    "notebook": TypeAdapter(NotebookFile),
    "load": TypeAdapter(LoadRecord),
    "load-request": TypeAdapter(LoadRequest),
    "event": EVENT,
}
"""What each schema file of a packet describes."""


def with_gaps(values: dict[str, Any], reasons: dict[str, str], default: str) -> dict[str, Any]:
    """`values` with `missing`: for every empty value null and its reason, or the `default` reason."""
    known = {name: None if value == "" else value for name, value in values.items()}
    gaps = {name: reasons.get(name, default) for name, value in known.items() if value is None}
    return {**known, "missing": gaps}
