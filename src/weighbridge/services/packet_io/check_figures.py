"""Every figure again from the events: the summary, the tables, the attempts, the forecast beside the measurement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.proof.events import Attempt, Completed, Ended, Event, Loaded, RequestStarted, Token
from weighbridge.domain.proof.measure import request_figures
from weighbridge.domain.proof.summary import last, summarize
from weighbridge.domain.text import clean
from weighbridge.services.packet_io.contents import TABLES, Contents
from weighbridge.services.packet_io.csv_rows import Row, request_rows, sample_rows
from weighbridge.services.packet_io.fill_runtime import LOGS, attempt_rows, compare
from weighbridge.services.packet_io.records import ProofNote, RuntimeFile

EVENTS, RUNTIME, SYSTEM, FIRST = "data/events.jsonl", "data/runtime.json", "data/system.json", "data/first-run.md"
REQUESTS, SAMPLES = TABLES


def check_events(c: Contents) -> Iterator[str]:
    """Each answer is what its tokens say, and no event stands outside a job."""
    if c.events and not isinstance(c.events[0], Attempt):
        yield f"{EVENTS}, line 1: the events do not begin with an attempt"
    spoken: list[str] = []
    tokens = 0
    for number, event in enumerate(c.events, 1):
        match event:
            case RequestStarted():
                spoken, tokens = [], 0
            case Token():
                spoken.append(event.text)
                tokens += 1
            case Completed():
                said = "".join(spoken)
                rest = event.output[len(said) :].strip("\ufffd")
                if not event.output.startswith(said) or rest:
                    yield f"{EVENTS}, line {number}: the output of {event.request!r} is not what its tokens say"
                if event.output_tokens != tokens:
                    yield f"{EVENTS}, line {number}: {event.request!r} has {tokens} tokens, not {event.output_tokens}"
            case _:
                pass


def check_proof(c: Contents) -> Iterator[str]:
    """The proof's record against the events of its job."""
    runtime = c.runtime
    if runtime is None or runtime.proof is None:
        return
    proof = runtime.proof
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
    for what in ("prompt", "output"):
        text = getattr(proof, what)
        if clean(text, len(text) + 1) not in c.first_run:
            yield f"{FIRST} does not hold the {what} of the proof in {RUNTIME}"


def _record(proof: ProofNote, job: Sequence[Event]) -> Iterator[str]:
    attempt, ended = last(job, Attempt), last(job, Ended)
    answers = [f for f in request_figures(job) if not f.warmup]
    right = {
        "mode": attempt.mode if attempt else None,
        "model_sha256": attempt.model_sha256 if attempt else None,
        "outcome": ended.outcome if ended else None,
        "at": ended.at if ended else None,
        "output": answers[-1].output if answers else "",
        "prompt": answers[-1].prompt if answers else proof.prompt,
    }
    for field, value in right.items():
        if getattr(proof, field) != value:
            yield f"{RUNTIME}: proof.{field} is not what {EVENTS} says"


def _settings(runtime: RuntimeFile, proof: ProofNote, job: Sequence[Event]) -> Iterator[str]:
    attempt = last(job, Attempt)
    if attempt and attempt.settings != runtime.settings:
        yield f"{RUNTIME}: settings are not those of the proof in {EVENTS}"
    if attempt and (attempt.runtime, attempt.version) != (runtime.name, runtime.version):
        yield f"{RUNTIME}: name and version are not those of the proof in {EVENTS}"
    if attempt and attempt.command != runtime.command:
        yield f"{RUNTIME}: command is not that of the proof in {EVENTS}"
    right = compare(runtime.forecast, last(job, Loaded), proof.figures.peak_rss_bytes)
    if runtime.forecast_against_measured != right:
        yield f"{RUNTIME}: forecast_against_measured does not follow from the forecast and {EVENTS}"


def _system(c: Contents, job: Sequence[Event]) -> Iterator[str]:
    loaded = last(job, Loaded)
    if c.system is None or loaded is None:
        return
    for field in ("n_batch", "n_ubatch", "n_threads", "type_k", "type_v", "load_mode", "flash_attn"):
        if getattr(c.system, field) != getattr(loaded, field):
            yield f"{SYSTEM}: {field} is {getattr(c.system, field)}, {EVENTS} says {getattr(loaded, field)}"
    rate = c.runtime.proof.figures.decode_tokens_per_s if c.runtime and c.runtime.proof else None
    if c.system.avg_ts != rate:
        yield f"{SYSTEM}: avg_ts is {c.system.avg_ts}, {RUNTIME} says {rate}"


def check_attempts(c: Contents) -> Iterator[str]:
    """The list of attempts, and the logs that belong to them."""
    if c.runtime is None:
        return
    logs = {name.removeprefix(LOGS): "" for name in c.present if name.startswith(LOGS)}
    right = tuple(attempt_rows(list(c.jobs.values()), logs))
    if len(c.runtime.attempts) != len(right):
        yield f"{RUNTIME} lists {len(c.runtime.attempts)} attempts, {EVENTS} has {len(right)}"
    for said, row in zip(c.runtime.attempts, right, strict=False):
        if said != row:
            yield f"{RUNTIME}: attempt {said.number} of {said.job_id} is not what {EVENTS} says"
    for name in sorted(logs.keys() - {row.log.removeprefix(LOGS) for row in c.runtime.attempts if row.log}):
        yield f"{LOGS}{name}: no attempt in {RUNTIME} has this log"


def check_tables(c: Contents) -> Iterator[str]:
    """requests.csv and samples.csv, row by row."""
    jobs = list(c.jobs.values())
    yield from _differences(c, REQUESTS, request_rows(jobs))
    yield from _differences(c, SAMPLES, sample_rows(jobs))


def _differences(c: Contents, name: str, right: list[Row]) -> Iterator[str]:
    if name not in c.tables:
        if c.jobs:
            yield f"{name} is missing or cannot be read"
        return
    rows = c.tables[name]
    if len(rows) != len(right):
        yield f"{name} has {len(rows)} rows, {EVENTS} gives {len(right)}"
    for number, (row, expected) in enumerate(zip(rows, right, strict=False), 1):
        for column, said in row.items():
            if said != expected[column]:
                yield f"{name}, row {number}: {column} is {said!r}, {EVENTS} gives {expected[column]!r}"
