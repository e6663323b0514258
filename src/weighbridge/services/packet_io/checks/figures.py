"""Every figure again from the events: the summary, the attempts, the forecast beside the measurement."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Ended,
    Event,
    Failed,
    Loaded,
    RequestStarted,
    Stopped,
    Token,
)
from weighbridge.domain.proof.measure import request_figures
from weighbridge.domain.proof.recipe import Recipe, recipe_of
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.summary import last, summarize
from weighbridge.domain.serving.sent import as_heard, gaps
from weighbridge.domain.serving.target import Target
from weighbridge.services.packet_io.contents import LOGS, Contents
from weighbridge.services.packet_io.fill.runtime import EARLIER, attempt_rows, engine_said, prefix_checks, surroundings
from weighbridge.services.packet_io.fill.system import engine_fields, figure_fields
from weighbridge.services.packet_io.forecast_rows import compare, incomparable
from weighbridge.services.packet_io.rebuild import model_of, run_of
from weighbridge.services.packet_io.records.files import ProofNote, RuntimeFile

EVENTS, RECIPE, RUNTIME, SYSTEM = "data/events.jsonl", "data/recipe.json", "data/runtime.json", "data/system.json"


def check_events(c: Contents) -> Iterator[str]:
    """Each answer is what its tokens say, and no event stands outside a job."""
    if c.events and not isinstance(c.events[0], Attempt):
        yield f"{EVENTS}, line 1: the events do not begin with an attempt"
    spoken: list[str] = []
    tokens, served = 0, False
    for number, event in enumerate(c.events, 1):
        match event:
            case Attempt():
                served = event.target is not None
            case RequestStarted():
                spoken, tokens = [], 0
            case Token():
                if event.index != tokens:
                    yield f"{EVENTS}, line {number}: token {event.index} of {event.request!r} is number {tokens} of it"
                spoken.append(event.text)
                tokens += 1
            case Completed():
                said = "".join(spoken)
                rest = event.output[len(said) :].strip("\ufffd")
                if not event.output.startswith(said) or rest:
                    yield f"{EVENTS}, line {number}: the output of {event.request!r} is not what its tokens say"
                counted = event.pieces if served else event.output_tokens
                if served and counted not in (tokens, tokens - 1):
                    yield f"{EVENTS}, line {number}: {event.request!r} came in {tokens} pieces, not {counted}"
                elif counted != tokens:
                    yield f"{EVENTS}, line {number}: {event.request!r} has {tokens} tokens, not {event.output_tokens}"
            case _:
                pass


def check_proof(c: Contents) -> Iterator[str]:
    """The proof's record against the events of its job."""
    runtime = c.runtime
    if runtime is None:
        return
    proof = runtime.proof
    if proof is None:
        yield from _runner(runtime, last(c.events, Attempt))
        return
    job = c.jobs.get(proof.job_id)
    if job is None:
        yield f"{EVENTS}: the job {proof.job_id}, which {RUNTIME} names, is not in it"
        return
    right = summarize(job).model_dump()
    for field, said in proof.figures.model_dump().items():
        if said != right[field]:
            yield f"{RUNTIME}: proof.figures.{field} is {said}, the events give {right[field]}"
    yield from _record(proof, job)
    yield from _settings(runtime, proof, job)
    if c.system:
        yield from _system(c, job)


def _record(proof: ProofNote, job: Sequence[Event]) -> Iterator[str]:
    attempt, ended, failed = last(job, Attempt), last(job, Ended), last(job, Failed)
    answers = [f for f in request_figures(job) if not f.warmup]
    right = {
        "mode": attempt.mode if attempt else None,
        "model_sha256": attempt.model_sha256 or None if attempt else None,
        "outcome": ended.outcome if ended else None,
        "at": ended.at if ended else None,
        "output": answers[-1].output if answers else "",
        "prompt": answers[-1].prompt if answers else proof.prompt,
        "shutdown": shutdown_text(last(job, Stopped)),
        "message": failed.message if failed and ended and ended.outcome == "failed" else "",
    }
    for field, value in right.items():
        if getattr(proof, field) != value:
            yield f"{RUNTIME}: proof.{field} is not what {EVENTS} says"


def _settings(runtime: RuntimeFile, proof: ProofNote, job: Sequence[Event]) -> Iterator[str]:
    yield from _runner(runtime, last(job, Attempt))
    for field, value in (engine_said(job) | surroundings(job)).items():
        if getattr(runtime, field) != value:
            yield f"{RUNTIME}: {field} is not what {EVENTS} says"
    if proof.current and runtime.chosen_settings != runtime.settings:
        yield f"{RUNTIME}: the proof is called current, and chosen_settings are not its settings"
    if proof.note != ("" if proof.current else EARLIER):
        yield f"{RUNTIME}: proof.note is not that of a proof that is {'' if proof.current else 'not '}current"


def check_recipe(c: Contents) -> Iterator[str]:
    """recipe.json from the events of the proof and the model's origin."""
    proof = c.runtime.proof if c.runtime else None
    job = c.jobs.get(proof.job_id, ()) if proof else ()
    right = recipe_of(job, model_of(c), proof.prompt) if proof else None
    if c.recipe is None or right is None:
        if c.recipe or right:
            yield f"{RECIPE} is {'in the packet, and there is no proof' if c.recipe else 'missing'}"
        return
    for field, value in right:
        said = getattr(c.recipe, field)
        if said != value and not (field == "settings" and _earlier(c.recipe, job)):
            yield f"{RECIPE}: {field} is {said}, the events give {value}"


def _earlier(recipe: Recipe, job: Sequence[Event]) -> bool:
    """Whether the recipe of a server's proof is that of an earlier version: with settings that were never sent."""
    attempt = last(job, Attempt)
    if attempt is None or attempt.target is None:
        return False
    return as_heard(recipe.settings, attempt.settings, attempt.target)


def _runner(runtime: RuntimeFile, attempt: Attempt | None) -> Iterator[str]:
    """Runtime, command and settings against the attempt that the file speaks of."""
    if attempt is None:
        return
    if not as_heard(runtime.settings, attempt.settings, attempt.target):
        yield f"{RUNTIME}: settings are not those of the proof in {EVENTS}"
    yield from _unheard(runtime, "settings", attempt.target)
    if (attempt.runtime, attempt.version or None) != (runtime.name, runtime.version):
        yield f"{RUNTIME}: name and version are not those of the proof in {EVENTS}"
    if attempt.command != runtime.command:
        yield f"{RUNTIME}: command is not that of the proof in {EVENTS}"


def _unheard(runtime: RuntimeFile, field: str, target: Target | None) -> Iterator[str]:
    """Each setting that a server was never sent says so. An earlier version wrote values, of a batch at least."""
    if getattr(runtime, field).n_batch is not None:
        return
    for gap, why in gaps(target, field).items():
        if (said := runtime.missing.get(gap)) != why:
            yield f"{RUNTIME}: missing.{gap} is {said!r}, of a server it is {why!r}"


def check_runtime(c: Contents) -> Iterator[str]:
    """What follows within runtime.json, and the forecast beside what the events measured."""
    runtime = c.runtime
    if runtime is None:
        return
    if runtime.command_line != shlex.join(runtime.command):
        yield f"{RUNTIME}: command_line is not the command, quoted"
    yield from _unheard(runtime, "chosen_settings", run_of(c).target)
    forecast, proof = runtime.forecast, runtime.proof
    digest = c.model.sha256 if c.model else None
    apart = incomparable(forecast, proof, runtime.settings, digest)
    right = None
    if forecast and proof and not apart:
        loaded = last(c.jobs.get(proof.job_id, ()), Loaded)
        right = compare(forecast, loaded, proof.figures)
        if loaded and forecast.n_ctx_train not in (None, loaded.n_ctx_train):
            yield f"{RUNTIME}: forecast.n_ctx_train is {forecast.n_ctx_train}, the engine says {loaded.n_ctx_train}"
        yield from _same_settings(forecast, runtime)
    if runtime.forecast_against_measured != right:
        yield f"{RUNTIME}: forecast_against_measured does not follow from the forecast and {EVENTS}"
    elif forecast and right is None and runtime.missing.get("forecast_against_measured") != apart:
        yield f"{RUNTIME}: missing.forecast_against_measured does not say why: {apart}"


def _same_settings(forecast: Forecast, runtime: RuntimeFile) -> Iterator[str]:
    """What a forecast that speaks of the proof was made for. An earlier version did not keep it."""
    settings = runtime.settings.whole
    for field, ran in (("n_ubatch", settings.ubatch), ("flash", settings.flash)):
        if (said := getattr(forecast, field)) not in (None, ran):
            yield f"{RUNTIME}: forecast.{field} is {said}, the proof ran with {ran}"


def _system(c: Contents, job: Sequence[Event]) -> Iterator[str]:
    """The engine and the figures under their names in system.json. An empty text stands there as null."""
    assert c.system is not None
    figures = c.runtime.proof.figures if c.runtime and c.runtime.proof else None
    right = {**engine_fields(job), **figure_fields(figures, job)}
    for field, value in right.items():
        if getattr(c.system, field) != (None if value == "" else value):
            yield f"{SYSTEM}: {field} is {getattr(c.system, field)}, the proof gives {value}"


def check_attempts(c: Contents) -> Iterator[str]:
    """The list of attempts, and the logs that belong to them."""
    if c.runtime is None:
        return
    if c.runtime.prefix_checks != prefix_checks(c.events):
        yield f"{RUNTIME}: prefix_checks are not those of {EVENTS}"
    right = tuple(attempt_rows(list(c.jobs.values()), c.logs))
    if len(c.runtime.attempts) != len(right):
        yield f"{RUNTIME} lists {len(c.runtime.attempts)} attempts, {EVENTS} has {len(right)}"
    for said, row in zip(c.runtime.attempts, right, strict=False):
        if said.log_sha256 != row.log_sha256:
            yield f"{RUNTIME}: attempt {said.number} of {said.job_id}: log_sha256 is not that of the log in the packet"
        elif said != row:
            yield f"{RUNTIME}: attempt {said.number} of {said.job_id} is not what {EVENTS} says"
    for name in sorted(c.logs.keys() - {row.log.removeprefix(LOGS) for row in c.runtime.attempts if row.log}):
        yield f"{LOGS}{name}: no attempt in {RUNTIME} has this log"
