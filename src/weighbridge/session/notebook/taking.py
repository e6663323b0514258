"""A run with the evidence of a packet that was made from its plan on another machine."""

from __future__ import annotations

import re

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.run import EvalRecord, ProofRecord, Run
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.domain.standing import restored, standing
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.records.files import SystemFile

_CORES = re.compile(r"(?P<architecture>[^,]*), (?P<logical>\d+|unknown) logical cores, (?P<usable>\d+) usable")


def taken_over(run: Run, ran: Run, contents: Contents, notebook: NotebookRuntime) -> Run:
    """The run with model, card, machine, proof, eval and costs as the packet has them. `ran`: the packet as a run.

    Evidence is current here exactly where it is in the packet. What the person confirmed stays confirmed.
    """
    was, typed = standing(run), run.typed_facts.get(run.model_key, {})
    made = run.model_copy(
        update={
            "model": _model(run.model, ran.model),
            "declared": contents.declared or run.declared,
            "machine": _machine(contents.system, run.machine),
            "forecast": ran.forecast,
            "notebook": notebook,
            "spent": {**run.spent, **ran.spent},
            "verdict": None,
            "packet": None,
        }
    )
    if typed:
        made = made.model_copy(update={"typed_facts": {**made.typed_facts, made.model_key: typed}})
    made = restored(made, was.without({"proof", "eval", "decision", "packet"}))
    return made.model_copy(update={"proof": _proof(made, ran), "evaluation": _evaluation(made, ran)})


def _model(plan: ModelChoice | None, ran: ModelChoice | None) -> ModelChoice | None:
    """The packet's, which was read whole; its file is where it was on this machine, if it was here at all."""
    path = plan.path if plan is not None and ran is not None and plan.sha256 == ran.sha256 else ""
    return ran and ran.model_copy(update={"path": path})


def _proof(made: Run, ran: Run) -> ProofRecord | None:
    """With the digest of this run's inputs where the packet calls it current."""
    current = ran.proof is not None and bool(ran.proof.inputs)
    return ran.proof and ran.proof.model_copy(update={"inputs": inputs_digest(made, "proof") if current else ""})


def _evaluation(made: Run, ran: Run) -> EvalRecord | None:
    """With the pack of this run, whose digest is the packet's: titles and descriptions are in no packet."""
    record = ran.evaluation
    if record is None or made.pack is None:
        return None
    inputs = inputs_digest(made, "eval") if record.inputs else ""
    digest = made.model.sha256 if made.model else ""
    return record.model_copy(update={"pack": made.pack, "inputs": inputs, "model_sha256": digest})


def _machine(system: SystemFile | None, planner: MachineFacts) -> MachineFacts:
    """The notebook's machine from the packet's names for it. What a packet does not tell is not known."""
    if system is None:
        return planner
    found = _CORES.match(system.hw_notes or "")
    logical = found["logical"] if found else "unknown"
    python, *packages = (system.other_software_stack or "").split(", ")
    engine, _, version = (system.framework or "").partition(" ")
    versions = {name: number for name, _, number in (package.partition(" ") for package in packages) if number}
    return MachineFacts(
        cpu_model=system.host_processor_model_name,
        physical_cores=system.host_processor_core_count,
        logical_cores=None if logical == "unknown" else int(logical),
        usable_cores=int(found["usable"]) if found else 1,
        memory_bytes=system.host_memory_capacity,
        available_bytes=None,
        swap_bytes=None,
        disk_free_bytes=None,
        load1=None,
        operating_system=system.operating_system or "",
        architecture=found["architecture"] if found else "",
        python=python.removeprefix("Python "),
        versions=versions | ({engine: version} if version and not version.startswith("not ") else {}),
    )
