"""The run that a packet speaks of, put together again from its records.

What the domain says of that run (completeness, options, commands of a route) can then be compared with what the
packet says. Digests of inputs are no part of a packet: where the packet calls evidence current, it gets the digest
of the inputs at hand, elsewhere none.
"""

from __future__ import annotations

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.proof.events import Connected
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.proof.summary import last
from weighbridge.domain.run import DEFAULT_PROMPT, EvalRecord, PlanDetails, ProofRecord, Run
from weighbridge.domain.serving.identity import ServedModel, own_facts
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.tables import load_rules

ENGINE = "llama-cpp-python"


def run_of(c: Contents) -> Run:
    """ValueError where decision.json is not at hand. Fields that no packet holds keep their defaults."""
    d, runtime = c.decision, c.runtime
    if d is None:
        raise ValueError("data/decision.json cannot be read")
    proof = runtime.proof if runtime else None
    run = Run(
        id=d.run,
        created_at=d.written_at,
        updated_at=d.written_at,
        constraints=d.constraints,
        decision=d.route,
        machine=_machine(c),
        model=model_of(c),
        declared=c.card,
        licence=c.licence.note if c.licence else None,
        settings=runtime.chosen_settings.whole if runtime else RuntimeSettings(),
        forecast=runtime.forecast if runtime else None,
        plan=(runtime.plan if runtime else None) or PlanDetails(),
        serve=(runtime.serve if runtime else None) or ServePlan(),
        overrides=d.overrides,
        prompt=(proof.prompt if proof else "") or DEFAULT_PROMPT,
        policy=c.policy.policy if c.policy else None,
        verdict=d.verdict,
        baselines=d.baselines,
        tried=d.tried,
        spent=d.spent,
        rules=load_rules(),
        rentals=tuple(row.rental for row in c.rentals.rows) if c.rentals else (),
        notebook=c.notebook.runtime if c.notebook else None,
        load=c.load,
    )
    return _with_evidence(run, c)


def _with_evidence(run: Run, c: Contents) -> Run:
    """The run with proof, eval and confirmed decision, each current exactly where the packet says so."""
    assert c.decision is not None
    note, proof = c.decision.evaluation, c.runtime.proof if c.runtime else None
    if proof:
        inputs = inputs_digest(run, "proof") if proof.current else ""
        kept = proof.model_dump(exclude={"current", "note", "model_sha256"})
        run = run.model_copy(update={"proof": ProofRecord(**kept, inputs=inputs)})
    if note and run.policy:
        inputs = inputs_digest(run, "eval") if note.current else ""
        # The pack's title and description are in no packet, and nothing that is asked of the run needs them.
        record = EvalRecord.model_construct(
            **note.model_dump(exclude={"current", "gate", "noise", "doubts"}),
            gate=note.gate,
            noise=note.noise,
            served=_served(run, c, note.job_ids),
            inputs=inputs,
            results=tuple(c.results),
            pack=CasePack.model_construct(id="", case=tuple(c.cases)),
            policy=run.policy,
        )
        run = run.model_copy(update={"evaluation": record})
    seen = inputs_digest(run, "decision") if c.decision.verdict_current else ""
    return run.model_copy(update={"confirmed": {"decision": seen}})


def _served(run: Run, c: Contents, job_ids: tuple[str, ...]) -> ServedModel | None:
    """The model of the eval's server, with what it told when it answered last."""
    told = last([event for job_id in job_ids for event in c.jobs.get(job_id, ())], Connected)
    return run.served and run.served.model_copy(update={"facts": own_facts(told)})


def _machine(c: Contents) -> MachineFacts:
    engine = (c.system.framework if c.system else None) or ""
    name, _, version = engine.partition(" ")
    return MachineFacts(
        cpu_model=None,
        physical_cores=None,
        logical_cores=None,
        usable_cores=1,
        memory_bytes=None,
        available_bytes=None,
        swap_bytes=None,
        disk_free_bytes=None,
        load1=None,
        operating_system="",
        architecture="",
        python="",
        versions={ENGINE: version} if name == ENGINE else {},
    )


def model_of(c: Contents) -> ModelChoice | None:
    """Null in the packet is empty text in the run."""
    if c.model is None:
        return None
    known = {
        name: value
        for name, value in c.model.model_dump(include=set(ModelChoice.model_fields)).items()
        if value is not None
    }
    return ModelChoice(**known)
