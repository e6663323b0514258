"""What a runtime is started with, and what the events say of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.proof.disk import disk_need
from weighbridge.domain.proof.events import Conditions, Mode
from weighbridge.domain.proof.runtime import Launch, RuntimeFacts
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.run import Run
from weighbridge.services.atomic import disk_problem
from weighbridge.services.engine.thread_memory import known_threads
from weighbridge.session.deps import Deps
from weighbridge.session.jobs.serving import require_memory
from weighbridge.session.packets.command import prove_command

ADDRESS_SPACE_SPARE = 8 * 2**30
"""Room above the forecast for the interpreter, libraries and thread stacks, which reserve far more than they use."""
LEAST_LIMIT_S, SECONDS_A_TOKEN = 3600.0, 2.0
"""Time that a child may take: a token in two seconds is slow for a model that fits, and a stuck child is found by its
silence long before."""


def launch_of(
    run: Run,
    requests: Sequence[Request],
    deps: Deps,
    mode: Mode,
    machine: MachineFacts,
    before: Conditions | None,
    log: Path,
) -> Launch:
    """The launch of one attempt: of the child on this machine, or of the server of the run. OutsideFailed, Refused."""
    model, forecast = run.model, run.forecast
    assert model is not None
    require_memory(run, machine)
    need = forecast.total_max_bytes if forecast else 0
    try:
        log.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_problem(log.parent, error) from error
    launch = Launch(
        model_path=model.path,
        model_sha256=model.sha256 if run.target is None or run.target.origin == "started" else "",
        settings=run.settings,
        mode=mode,
        log_path=str(log),
        address_space_bytes=2 * need + (model.size_bytes or 0) + ADDRESS_SPACE_SPARE,
        time_limit_s=LEAST_LIMIT_S + SECONDS_A_TOKEN * disk_need(run.settings, requests).tokens,
        target=run.target,
        usable_cores=machine.usable_cores,
        others_percent=before.others_percent if before else None,
    )
    if launch.target is not None:
        return launch
    return launch.model_copy(update={"threads": known_threads(deps.home, launch, deps.now())})


def attempt_facts(run: Run, launch: Launch, machine: MachineFacts, runtime: RuntimeFacts) -> dict[str, Any]:
    """Fields of `Attempt` that follow from the launch. Of what a server reads, no file is named: it was not seen."""
    assert run.model is not None
    return {
        "mode": launch.mode,
        "runtime": runtime.name,
        "version": runtime.version,
        "command": prove_command(run),
        "model_file": "" if launch.target else run.model.file_name,
        "model_sha256": launch.model_sha256,
        "settings": launch.settings,
        "available_bytes": machine.available_bytes,
        "load1": machine.load1,
        "target": launch.target,
    }
