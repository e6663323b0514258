"""Fills system.json: the machine under MLPerf's names, the engine under llama-bench's. No host or user name."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.proof.events import Connected, Event, Loaded, Swept, ThreadsLowered
from weighbridge.domain.proof.measure import JobFigures, request_figures
from weighbridge.domain.proof.recipe import threads_of
from weighbridge.domain.proof.summary import last, last_attempt
from weighbridge.domain.serving.identity import parameters
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.fill.runtime import EARLIER, SERVERS_OWN
from weighbridge.services.packet_io.records.files import SystemFile, with_gaps

_MODEL = ("model_filename", "model_size")
_OF_THE_ENGINE = (
    *("n_batch", "n_ubatch", "type_k", "type_v", "load_mode", "flash_attn", "n_threads", "n_threads_batch"),
    *("threads_chosen", "model_type", "model_n_params", "repack", "n_prompt", "n_gen"),
)
CLIENT = "the client's machine: the model ran on the server of server.json"
MACHINE = (
    "operating_system",
    "host_processor_model_name",
    "host_processor_core_count",
    "host_memory_capacity",
    "framework",
    "other_software_stack",
    "hw_notes",
)
"""The fields that tell one machine from another."""
_REASONS = {
    "accelerators_per_node": "not looked for: the engine runs on the CPU",
    "build_commit": "the installed library does not tell which commit it was built from",
    "hw_notes": "nothing typed",
    "stddev_ts": "fewer than two answers have a rate",
}


def system_file(e: Evidence) -> SystemFile:
    """For a plan it is the machine that planned, and says so; the engine's fields are missing."""
    machine, model, planned = e.run.machine, e.run.model, e.status == "planned"
    figures = e.proof.figures if e.proof else None
    values = {**machine_fields(machine), **engine_fields(e.proof_events), **figure_fields(figures, e.proof_events)}
    values |= {"sw_notes": None, "build_commit": None}
    values |= {"model_filename": model.file_name, "model_size": model.size_bytes} if model else dict.fromkeys(_MODEL)
    if planned:
        values["sw_notes"] = "the machine that made the plan; the route runs elsewhere"
    elif e.proof and not e.proof_is_current:
        values["sw_notes"] = f"the engine's fields and figures are {EARLIER}"
    reasons = {**_REASONS, "sw_notes": "nothing typed"}
    if e.run.target is not None:
        values["sw_notes"] = "; ".join(filter(None, (values["sw_notes"], CLIENT)))
        reasons |= dict.fromkeys((*_MODEL, *_OF_THE_ENGINE), SERVERS_OWN)
        values["framework"], reasons["framework"] = None, "a server answered: server.json has its engine"
        reasons["accelerators_per_node"] = "of the client nothing was looked for; server.json has what the server told"
    why = "planned: nothing was run" if planned else "the proof did not get so far, or this system does not tell"
    return SystemFile(**with_gaps(values, reasons, why))


def machine_fields(machine: MachineFacts) -> dict[str, Any]:
    """The machine under its names of system.json."""
    others = {name: v for name, v in machine.versions.items() if name != "llama-cpp-python"}
    packages = ", ".join(f"{name} {version}" for name, version in sorted(others.items()))
    notes = f"{machine.architecture}, {machine.logical_cores or 'unknown'} logical cores, "
    return {
        "operating_system": machine.operating_system,
        "host_processor_model_name": machine.cpu_model,
        "cpu_info": machine.cpu_model,
        "host_processor_core_count": machine.physical_cores,
        "host_memory_capacity": machine.memory_bytes,
        "accelerators_per_node": None,
        "framework": machine.engine,
        "other_software_stack": f"Python {machine.python}" + (f", {packages}" if packages else ""),
        "hw_notes": f"{notes}{machine.usable_cores} usable by the process",
    }


def engine_fields(job: Sequence[Event]) -> dict[str, Any]:
    """What the engine said when the proof loaded the model, and the threads that it was given for the work."""
    live = last_attempt(job)
    loaded, swept = last(live, Loaded), last(live, Swept)
    said = loaded.model_dump() if loaded else {}
    names = ("n_batch", "n_ubatch", "type_k", "type_v", "load_mode", "flash_attn")
    decode, prefill = threads_of(live) or (None, None)
    return {
        "n_threads": decode,
        "n_threads_batch": prefill,
        "threads_chosen": f"{swept.how}: {swept.reason}{_lowered(live)}" if swept else None,
        **{name: said.get(name) for name in names},
        "model_type": said.get("description"),
        "model_n_params": said.get("n_params") or parameters(last(live, Connected)),
        "repack": said.get("use_extra_bufts"),
    }


def _lowered(live: Sequence[Event]) -> str:
    lowered = last(live, ThreadsLowered)
    return f"; {lowered.n_threads} from the middle of an answer on" if lowered else ""


def figure_fields(figures: JobFigures | None, job: Sequence[Event]) -> dict[str, Any]:
    """The proof's figures under llama-bench's names. `job`: its events."""
    rates = [(f.decode_tokens_per_s, f.output_tokens) for f in request_figures(last_attempt(job)) if not f.warmup]
    known = [(rate, tokens) for rate, tokens in rates if rate and tokens is not None]
    speeds = tuple(rate for rate, _ in known)
    return {
        "avg_ts": round(mean(speeds), 3) if speeds else None,
        "stddev_ts": round(stdev(speeds), 3) if len(speeds) > 1 else None,
        "samples_ts": speeds or None,
        "samples_ns": tuple(round((tokens - 1) / rate * 1e9) for rate, tokens in known) or None,
        "n_prompt": figures.prompt_tokens if figures else None,
        "n_gen": figures.output_tokens if figures else None,
        "load_average_start": figures.load1_before if figures else None,
        "load_average_end": figures.load1_after if figures else None,
        "noise": figures.noise.mark if figures and figures.noise else None,
    }
