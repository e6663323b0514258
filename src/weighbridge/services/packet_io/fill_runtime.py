"""Fills runtime.json: how the model was run, every attempt, and the forecast against what was measured."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.proof.events import Attempt, Event, Failed, Loaded
from weighbridge.domain.proof.measure import FORMULAS, attempt_outcomes
from weighbridge.domain.proof.summary import last
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.records import AttemptRow, Comparison, ProofNote, RuntimeFile, with_gaps

LOGS = "data/logs/"


def log_path(attempt: Attempt, logs: Mapping[str, str]) -> str | None:
    """Where the engine's log of an attempt lies in the packet, if there is one."""
    name = f"{attempt.job_id.replace(':', '')}-{attempt.number}.log"
    return f"{LOGS}{name}" if name in logs else None


def attempt_rows(jobs: Sequence[Sequence[Event]], logs: Mapping[str, str]) -> Iterator[AttemptRow]:
    """One row for every child that was started, in order."""
    for job in jobs:
        attempts = [e for e in job if isinstance(e, Attempt)]
        for attempt, how in zip(attempts, attempt_outcomes(job), strict=True):
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
                log=log_path(attempt, logs),
            )


def compare(forecast: Forecast | None, loaded: Loaded | None, peak: int | None) -> tuple[Comparison, ...]:
    """Each part of the forecast beside the engine's own figure, and the whole beside the peak of the process."""
    if forecast is None:
        return ()
    said = "the engine's log"
    pairs = {
        "weights": (forecast.weights_bytes, loaded and loaded.model_buffer_bytes, said),
        "KV cache": (forecast.kv_bytes, loaded and loaded.kv_buffer_bytes, said),
        "compute buffer": (forecast.compute_bytes, loaded and loaded.compute_buffer_bytes, said),
        "output buffer": (forecast.output_bytes, loaded and loaded.output_buffer_bytes, said),
        "repacked weights, at most": (forecast.repack_bytes, loaded and loaded.repack_buffer_bytes, said),
        "total without repacked weights": (forecast.total_bytes, peak, "peak RSS of the proof's process"),
        "total at most": (forecast.total_max_bytes, peak, "peak RSS of the proof's process"),
    }
    return tuple(
        Comparison(quantity=name, forecast_bytes=before, measured_bytes=seen, measured_by=how)
        for name, (before, seen, how) in pairs.items()
    )


def _proof_note(e: Evidence) -> ProofNote | None:
    proof = e.proof
    if proof is None:
        return None
    attempt = last(e.proof_events, Attempt)
    kept = proof.model_dump(exclude={"inputs"})
    digest = attempt.model_sha256 if attempt else None
    return ProofNote(**kept, current=e.proof_is_current, model_sha256=digest)


def runtime_file(e: Evidence, command: tuple[str, ...]) -> RuntimeFile:
    """`command`: what a colleague types for the same proof, where no attempt recorded one."""
    run, ready = e.run, e.ready
    attempt = last(e.proof_events or e.events, Attempt)
    failed = last(e.proof_events, Failed)
    planned = e.status == "planned"
    forecast = None if run.planned else run.forecast
    shown = attempt.command if attempt else command
    why = "planned: nothing was run" if planned else "the proof did not get so far"
    values = {
        "name": attempt.runtime if attempt else None,
        "version": attempt.version if attempt else None,
        "engine": ready.engine if ready else None,
        "python": ready.python if ready else None,
        "system_info": ready.system_info if ready else None,
        "proof": _proof_note(e),
        "forecast": forecast,
        "plan": run.plan if run.planned else None,
    }
    reasons = {
        "forecast": "a forecast for this machine does not speak of another route"
        if run.planned
        else "no forecast was made",
        "plan": "the route runs on this machine",
        "proof": why if planned else "the proof has not run",
    }
    if failed:
        reasons["system_info"] = failed.message
    filled = with_gaps(values, reasons, why)
    return RuntimeFile(
        **filled,
        status=e.status,
        command=shown,
        command_line=shlex.join(shown),
        settings=attempt.settings if attempt else run.settings,
        attempts=tuple(attempt_rows(e.jobs, e.logs)),
        forecast_against_measured=compare(run.forecast, e.loaded, e.proof.figures.peak_rss_bytes if e.proof else None),
        overrides=run.overrides,
        formulas=FORMULAS,
    )
