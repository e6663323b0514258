"""Fills runtime.json: how the model was run, every attempt, and the forecast against what was measured."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from weighbridge.domain.proof.events import (
    Attempt,
    Conditions,
    Connected,
    Event,
    Failed,
    PrefixChecked,
    Ready,
    Sensors,
    Swept,
)
from weighbridge.domain.proof.measure import attempt_outcomes
from weighbridge.domain.proof.summary import last, last_attempt
from weighbridge.domain.run import PlanDetails
from weighbridge.domain.serving.sent import gaps, heard
from weighbridge.services.packet_io.contents import LOGS
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.fill.decision import FORMULAS_OF_RUNTIME
from weighbridge.services.packet_io.forecast_rows import compare, incomparable
from weighbridge.services.packet_io.records.files import AttemptRow, ProofNote, RuntimeFile, with_gaps

SERVERS_OWN = "a server answered: it does not tell this of itself"
EARLIER = "from an earlier proof with other settings: model, settings or prompt have changed since"


def attempt_rows(jobs: Sequence[Sequence[Event]], logs: Mapping[str, str]) -> Iterator[AttemptRow]:
    """One row for every child that was started, in order. `logs`: SHA-256 of each log that is kept, by file name."""
    for job in jobs:
        attempts = [e for e in job if isinstance(e, Attempt)]
        for attempt, how in zip(attempts, attempt_outcomes(job), strict=True):
            log = f"{attempt.job_id.replace(':', '')}-{attempt.number}.log"
            yield AttemptRow(
                job_id=attempt.job_id,
                job=attempt.job,
                number=attempt.number,
                at=attempt.at,
                mode=attempt.mode,
                reason=attempt.reason,
                outcome=how.outcome,
                message=how.message,
                runtime=attempt.runtime,
                version=attempt.version,
                model_sha256=attempt.model_sha256,
                log=f"{LOGS}{log}" if log in logs else None,
                log_sha256=logs.get(log),
            )


def _proof_note(e: Evidence) -> ProofNote | None:
    proof = e.proof
    if proof is None:
        return None
    attempt = last(e.proof_events, Attempt)
    kept = proof.model_dump(exclude={"inputs"})
    digest = attempt.model_sha256 or None if attempt else None
    note = "" if e.proof_is_current else EARLIER
    return ProofNote(**kept, current=e.proof_is_current, note=note, model_sha256=digest)


def _reasons(e: Evidence, attempt: Attempt | None, planned: bool, why: str) -> dict[str, str]:
    """Why a value of the file can be missing, where it is not `why`."""
    reasons = {
        "forecast": "a forecast for this machine does not speak of another route"
        if planned
        else "no forecast was made",
        "plan": "the route runs on this machine, and nothing was typed",
        "serve": "the route rents nothing",
        "proof": why if planned else "the proof has not run",
    }
    if attempt is not None and attempt.target is not None:
        reasons |= dict.fromkeys(("engine", "python", "system_info", "threads", "sensors"), SERVERS_OWN)
        reasons["version"] = "the version of the server is in server.json, as far as it tells it"
        reasons["forecast"] = "a server answered: no memory was forecast for it"
    if e.loaded:
        reasons |= dict.fromkeys(("threads", "sensors"), "not recorded")
    if failed := last(e.proof_events, Failed):
        reasons["system_info"] = failed.message
    return reasons


def engine_said(job: Sequence[Event]) -> dict[str, Any]:
    """Engine, interpreter and build, as the child on this machine says them; of a server what it calls itself."""
    ready, connected = last(job, Ready), last(job, Connected)
    if connected is not None:
        name = f"{connected.engine} {connected.version}".strip()
        return {"engine": name or None, "python": None, "system_info": None}
    said = {name: getattr(ready, name, None) for name in ("engine", "python", "system_info")}
    return {name: value or None for name, value in said.items()}


def surroundings(job: Sequence[Event]) -> dict[str, Any]:
    """Threads, sensors and conditions of a job's newest child, as its events tell them."""
    live = last_attempt(job)
    return {
        "threads": last(live, Swept),
        "sensors": last(live, Sensors),
        "conditions": tuple(e for e in live if isinstance(e, Conditions)),
    }


def prefix_checks(events: Sequence[Event]) -> tuple[PrefixChecked, ...]:
    """Every check of prefix reuse, in order."""
    return tuple(e for e in events if isinstance(e, PrefixChecked))


def runtime_file(e: Evidence, command: tuple[str, ...], logs: Mapping[str, str]) -> RuntimeFile:
    """`command`: what a colleague types for the same proof, where no attempt recorded one. `logs`: their SHA-256."""
    run, proof = e.run, _proof_note(e)
    attempt = last(e.proof_events or e.events, Attempt)
    forecast = None if run.planned or run.target else run.forecast
    shown = attempt.command if attempt else command
    why = "planned: nothing was run" if e.status == "planned" else "the proof did not get so far"
    values: dict[str, Any] = {
        "name": attempt.runtime if attempt else None,
        "version": attempt.version if attempt else None,
        **engine_said(e.proof_events),
        "proof": proof,
        "forecast": forecast,
        "plan": run.plan if run.decision.route != "local_cpu" or run.plan != PlanDetails() else None,
        "serve": run.serve if run.decision.route == "rented_gpu" else None,
        "forecast_against_measured": None,
        **surroundings(e.proof_events),
    }
    reasons = _reasons(e, attempt, run.planned, why)
    answering = attempt.target if attempt else run.target
    settings = heard(attempt.settings if attempt else run.settings, answering)
    apart = incomparable(forecast, proof, settings, run.model.sha256 or None if run.model else None)
    if forecast and proof and not apart:
        values["forecast_against_measured"] = compare(forecast, e.loaded, proof.figures)
    reasons["forecast_against_measured"] = reasons["forecast"] if forecast is None else apart
    known = with_gaps(values, reasons, why)
    known["missing"] |= gaps(answering) | gaps(run.target, "chosen_settings")
    return RuntimeFile(
        **known,
        status=e.status,
        command=shown,
        command_line=shlex.join(shown),
        settings=settings,
        chosen_settings=heard(run.settings, run.target),
        attempts=tuple(attempt_rows(e.jobs, logs)),
        prefix_checks=prefix_checks(e.events),
        jobs_left_out=e.source.left_out,
        overrides=run.overrides,
        formulas=FORMULAS_OF_RUNTIME,
    )
