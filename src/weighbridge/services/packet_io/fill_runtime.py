"""Fills runtime.json: how the model was run, every attempt, and the forecast against what was measured."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.proof.events import Attempt, Event, Failed, Loaded
from weighbridge.domain.proof.measure import FORMULAS, attempt_outcomes
from weighbridge.domain.proof.summary import last
from weighbridge.services.packet_io.contents import LOGS
from weighbridge.services.packet_io.evidence import Evidence
from weighbridge.services.packet_io.records import AttemptRow, Comparison, ProofNote, RuntimeFile, with_gaps

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


def incomparable(forecast: Forecast | None, proof: ProofNote | None, n_ctx: int, model_sha256: str | None) -> str:
    """Why a forecast does not speak of a proof; empty where it does. `n_ctx`: the proof's; the digest: the model's."""
    if forecast is None:
        return "no forecast was made"
    if proof is None:
        return "the proof has not run"
    if proof.model_sha256 != model_sha256:
        return "the forecast is of another model than the proof"
    if forecast.n_ctx != n_ctx:
        return f"the forecast is for a context of {forecast.n_ctx} tokens, the proof ran with {n_ctx}"
    return ""


def compare(forecast: Forecast, loaded: Loaded | None, peak: int | None) -> tuple[Comparison, ...]:
    """Each part of the forecast beside the engine's own figure, and the whole beside the peak of the process."""
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
    note = "" if e.proof_is_current else EARLIER
    return ProofNote(**kept, current=e.proof_is_current, note=note, model_sha256=digest)


def _reasons(planned: bool, proof: str) -> dict[str, str]:
    """Why a value of the file can be missing."""
    return {
        "forecast": "a forecast for this machine does not speak of another route"
        if planned
        else "no forecast was made",
        "plan": "the route runs on this machine",
        "proof": proof,
    }


def runtime_file(e: Evidence, command: tuple[str, ...], logs: Mapping[str, str]) -> RuntimeFile:
    """`command`: what a colleague types for the same proof, where no attempt recorded one. `logs`: their SHA-256."""
    run, ready, proof = e.run, e.ready, _proof_note(e)
    attempt = last(e.proof_events or e.events, Attempt)
    planned = e.status == "planned"
    forecast = None if run.planned else run.forecast
    shown = attempt.command if attempt else command
    why = "planned: nothing was run" if planned else "the proof did not get so far"
    values: dict[str, object] = {
        "name": attempt.runtime if attempt else None,
        "version": attempt.version if attempt else None,
        "engine": ready.engine if ready else None,
        "python": ready.python if ready else None,
        "system_info": ready.system_info if ready else None,
        "proof": proof,
        "forecast": forecast,
        "plan": run.plan if run.planned else None,
        "forecast_against_measured": None,
    }
    reasons = _reasons(run.planned, why if planned else "the proof has not run")
    if failed := last(e.proof_events, Failed):
        reasons["system_info"] = failed.message
    settings = attempt.settings if attempt else run.settings
    apart = incomparable(forecast, proof, settings.n_ctx, run.model.sha256 if run.model else None)
    if forecast and proof and not apart:
        values["forecast_against_measured"] = compare(forecast, e.loaded, proof.figures.peak_rss_bytes)
    reasons["forecast_against_measured"] = reasons["forecast"] if forecast is None else apart
    return RuntimeFile(
        **with_gaps(values, reasons, why),
        status=e.status,
        command=shown,
        command_line=shlex.join(shown),
        settings=settings,
        chosen_settings=run.settings,
        attempts=tuple(attempt_rows(e.jobs, logs)),
        jobs_left_out=e.source.left_out,
        overrides=run.overrides,
        formulas=FORMULAS,
    )
