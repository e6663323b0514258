"""What of a run goes into its packet: the evidence that counts, and whether it still fits the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from weighbridge.domain.facts import missing
from weighbridge.domain.flow import advised, eval_is_current, inputs_digest, status
from weighbridge.domain.load.records import LoadRequest
from weighbridge.domain.model.hub import CardText
from weighbridge.domain.packet import Item, completeness
from weighbridge.domain.proof.events import Attempt, Event, Heartbeat, Loaded, Ready
from weighbridge.domain.proof.summary import jobs, last, summarize
from weighbridge.domain.run import EvalRecord, ProofRecord, Run
from weighbridge.domain.verdict.cost import costs_of
from weighbridge.domain.verdict.decision import CaseResult, GateResult
from weighbridge.domain.verdict.rules import Advice
from weighbridge.services.packet_io.from_events import fold_eval
from weighbridge.services.packet_io.records.files import Status
from weighbridge.services.tables import load_rules


@dataclass(frozen=True)
class PacketSource:
    """All that a packet is made of. `events`: whole jobs of the run, in order; `logs`: engine logs by file name.

    `at`: ISO 8601 UTC. `packet_id`: a UUID. `folders`: folders of this machine, with what may be said instead.
    `left_out`: earlier jobs of the run whose events are not among `events`. `card`: the model card that the run keeps.
    `load`: the requests of its load test, in the order of their ends.
    """

    run: Run
    events: Sequence[Event]
    logs: Mapping[str, str]
    at: str
    packet_id: str
    folders: Sequence[tuple[str, str]] = ()
    left_out: int = 0
    card: CardText | None = None
    load: Sequence[LoadRequest] = ()


@dataclass(frozen=True)
class Evidence:
    """The evidence of one source. A planned route has none of its own, whatever ran before on another one."""

    source: PacketSource

    @cached_property
    def run(self) -> Run:
        """The run, with the cost of its jobs and the figures of its proof made anew: an earlier version may have kept
        fewer of them."""
        run, parts = self.source.run, jobs(self.source.events)
        run = run.model_copy(update={"spent": {**run.spent, **costs_of(parts)}, "rules": run.rules or load_rules()})
        job = _job(parts, run.proof.job_id) if run.proof else ()
        if run.proof is None or not job:
            return run
        return run.model_copy(update={"proof": run.proof.model_copy(update={"figures": summarize(job)})})

    @cached_property
    def status(self) -> Status:
        run = self.run
        return "measured" if not run.planned and (run.proof or run.evaluation) else "planned"

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened, heartbeats left out; nothing for a plan."""
        if self.status == "planned":
            return ()
        return tuple(e for e in self.source.events if not isinstance(e, Heartbeat))

    @cached_property
    def logs(self) -> Mapping[str, str]:
        return {} if self.status == "planned" else self.source.logs

    @cached_property
    def jobs(self) -> list[tuple[Event, ...]]:
        return jobs(self.events)

    @property
    def proof(self) -> ProofRecord | None:
        return self.run.proof if self.status == "measured" else None

    @property
    def proof_is_current(self) -> bool:
        return self.proof is not None and self.proof.inputs == inputs_digest(self.run, "proof")

    @cached_property
    def proof_events(self) -> tuple[Event, ...]:
        """The events of the proof on record."""
        return _job(self.jobs, self.proof.job_id) if self.proof else ()

    @property
    def proof_attempt(self) -> Attempt | None:
        """The first attempt of the proof on record."""
        return next((e for e in self.proof_events if isinstance(e, Attempt)), None)

    @cached_property
    def evaluation(self) -> EvalRecord | None:
        """The eval, with results and noise made anew in the same way. The run keeps those that were decided on."""
        record = self.run.evaluation
        if record is None or self.status == "planned":
            return None
        results, noise = fold_eval([_job(self.jobs, name) for name in record.job_ids], record.pack.active)
        again = tuple(_marked(results.get(result.case, result), result) for result in record.results)
        return record.model_copy(update={"results": again, "noise": noise})

    @property
    def eval_is_current(self) -> bool:
        return self.evaluation is not None and eval_is_current(self.run)

    @property
    def gate(self) -> GateResult | None:
        """The gate that the decision may rest on."""
        return self.evaluation.gate if self.evaluation and self.eval_is_current else None

    @cached_property
    def advised(self) -> Advice:
        """What was allowed, and what was recommended."""
        return advised(self.run)

    @property
    def verdict_is_current(self) -> bool:
        verdict = self.run.verdict
        return (
            verdict is not None and status(self.run, "decision") == "done" and verdict.options == self.advised.options
        )

    @cached_property
    def completeness(self) -> tuple[Item, ...]:
        """The domain's list; a decision that was made on other evidence than this packet's counts as missing."""
        if self.verdict_is_current or self.run.verdict is None:
            return completeness(self.run)
        return tuple(_without_decision(item) for item in completeness(self.run))

    @cached_property
    def loaded(self) -> Loaded | None:
        """What the engine said of the model and its buffers when the proof loaded it."""
        return last(self.proof_events, Loaded)

    @cached_property
    def ready(self) -> Ready | None:
        return last(self.proof_events, Ready)


def _job(parts: Sequence[tuple[Event, ...]], job_id: str) -> tuple[Event, ...]:
    """The events of one job, by its name; empty where they are not at hand."""
    return next((job for job in parts if isinstance(job[0], Attempt) and job[0].job_id == job_id), ())


def _marked(again: CaseResult, kept: CaseResult) -> CaseResult:
    """A result made anew, with the person's own mark: no event tells of it."""
    return again.model_copy(update={"overruled": kept.overruled})


def _without_decision(item: Item) -> Item:
    if item.id != "decision" or not item.held:
        return item
    why = "the decision is stale: it was made on other evidence than this packet's"
    return item.model_copy(update={"fact": missing(why)})
