"""What is said in more than one place of a packet: its name, its model, its decision, its status."""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.domain.model.choice import SERVED
from weighbridge.domain.proof.events import Attempt, Loaded
from weighbridge.domain.proof.recipe import recognised
from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.decision import DESCRIPTION
from weighbridge.services.packet_io.fill.model import DECLARED
from weighbridge.services.packet_io.formats.bagit_profile import LABEL, profile_id, way_of
from weighbridge.services.packet_io.records.files import DecisionFile

DECISION, RUNTIME, MODEL, INFO = "data/decision.json", "data/runtime.json", "data/model/model.json", "bag-info.txt"


def check_names(c: Contents) -> Iterator[str]:
    """bag-info.txt against decision.json, and the status in every file."""
    d = c.decision
    if d is None:
        return
    verdict = d.verdict.choice if d.verdict and d.verdict_current else "none"
    expected = {
        "External-Identifier": d.packet,
        "Weighbridge-Run": d.run,
        "Route": d.route.route,
        "Status": d.status,
        "Model": clean_line(d.model) if d.model else "none",
        "Decision": verdict,
        "Bagging-Date": d.written_at[:10],
        "Bag-Software-Agent": d.software,
        "External-Description": DESCRIPTION,
        LABEL: profile_id(d.route.route, way_of(c)),
    }
    for label, value in expected.items():
        if (said := c.info.get(label, "nothing")) != value:
            yield f"{INFO}: {label} is {said!r}, {DECISION} says {value!r}"
    if c.runtime and c.runtime.status != d.status:
        yield f"{RUNTIME}: status is {c.runtime.status}, {DECISION} says {d.status}"
    if c.runtime and c.runtime.overrides != d.overrides:
        yield f"{RUNTIME}: overrides are not those of {DECISION}"


def check_model(c: Contents) -> Iterator[str]:
    """One model digest everywhere: in each file, and in each attempt of the jobs that the packet rests on."""
    d, runtime = c.decision, c.runtime
    digest = c.model.sha256 if c.model else None
    if d and d.model_sha256 != digest:
        yield f"{DECISION}: model_sha256 is {d.model_sha256}, {MODEL} says {digest}"
    if d and d.model != (c.model.name if c.model else None):
        yield f"{DECISION}: the model is {d.model!r}, {MODEL} names another one"
    if c.info.get("Model-SHA256") != (digest or "unknown"):
        yield f"{INFO}: Model-SHA256 is {c.info.get('Model-SHA256')}, {MODEL} says {digest or 'unknown'}"
    served = c.server is not None
    if runtime and runtime.proof and runtime.proof.current and not served and runtime.proof.model_sha256 != digest:
        yield f"{RUNTIME}: proof.model_sha256 is {runtime.proof.model_sha256}, {MODEL} says {digest}"
    if c.model and c.model.kind in SERVED and c.server is None:
        yield f"data/server.json is missing: {MODEL} names a server"
    yield from _where_from(c)
    held = (c.model.file_name, c.model.size_bytes) if c.model else (None, None)
    if c.system and "data/model/model.json" not in c.unread:
        for field, value in zip(("model_filename", "model_size"), held, strict=True):
            if getattr(c.system, field) != value:
                yield f"data/system.json: {field} is not that of {MODEL}"
    yield from _as_run(c, digest, held[0] or "")


def _as_run(c: Contents, digest: str | None, file_name: str) -> Iterator[str]:
    """The model of every attempt that the packet rests on."""
    for job_id in _current_jobs(c):
        for event in c.jobs.get(job_id, ()):
            if isinstance(event, Attempt) and event.target is not None:
                yield from _as_served(c, event)
            elif isinstance(event, Attempt) and event.model_sha256 != digest:
                yield f"data/events.jsonl: attempt {event.number} of {job_id} ran the model {event.model_sha256}"
            elif isinstance(event, Attempt) and event.model_file != file_name:
                yield f"data/events.jsonl: attempt {event.number} of {job_id} ran the file {event.model_file!r}"
            elif isinstance(event, Loaded):
                yield from _as_loaded(c, event)


def _as_served(c: Contents, attempt: Attempt) -> Iterator[str]:
    """The server of every attempt is the one of the packet; no file of it was seen."""
    where = f"data/events.jsonl: attempt {attempt.number} of {attempt.job_id}"
    if c.server is None:
        yield f"{where} asked a server, and data/server.json is missing"
    elif recognised(attempt.target, c.server.connected) != c.server.target:
        yield f"{where} asked another server than data/server.json names"
    started = attempt.target is not None and attempt.target.origin == "started"
    right = (c.model.sha256 or "") if c.model and started else ""
    if attempt.model_sha256 != right or attempt.model_file:
        yield f"{where} names weights that nobody has seen, or other ones than {MODEL}"


def _as_loaded(c: Contents, loaded: Loaded) -> Iterator[str]:
    """Architecture and number of weights are what the engine said; its description begins with the architecture."""
    known = c.model
    if known is None:
        return
    if known.n_params not in (None, loaded.n_params):
        yield f"{MODEL}: n_params is {known.n_params}, the engine loaded {loaded.n_params}"
    said = loaded.description.split()
    if said and known.architecture not in (None, said[0]):
        yield f"{MODEL}: architecture is {known.architecture!r}, the engine loaded {loaded.description!r}"


_REVISION = re.compile(r"[0-9a-f]{40}")


def _where_from(c: Contents) -> Iterator[str]:
    """Repository and revision in bag-info.txt; of a file of the Hub, one digest however it was obtained."""
    model = c.model
    named = {"Model-Repo": model.repo if model else None, "Model-Revision": model.revision if model else None}
    for label, value in named.items():
        if (said := c.info.get(label, "nothing")) != (value or "unknown"):
            yield f"{INFO}: {label} is {said}, {MODEL} says {value or 'unknown'}"
    if model is None:
        return
    if model.kind == "hub" and not (model.repo and _REVISION.fullmatch(model.revision or "")):
        yield f"{MODEL}: a model of the Hub has a repository and a revision of 40 hex digits"
    how = DECLARED.get(model.kind, "")
    declared = [(row.sha256, row.how) for row in model.digests if row.how in DECLARED.values()]
    if declared != ([(model.declared_sha256, how)] if model.declared_sha256 else []):
        yield f"{MODEL}: digests do not name the digest that the Hub declared"
    for row in model.digests:
        if row.sha256 != (model.sha256 or model.declared_sha256):
            yield f"{MODEL}: digests: {row.sha256} ({row.how}) is not that of the model"


def _current_jobs(c: Contents) -> Iterator[str]:
    """The jobs that the packet rests on."""
    if c.runtime and c.runtime.proof and c.runtime.proof.current:
        yield c.runtime.proof.job_id
    if c.decision and c.decision.evaluation and c.decision.evaluation.current:
        yield from c.decision.evaluation.job_ids


MEASURED_ONLY = (
    "data/events.jsonl",
    "data/eval/results.jsonl",
    "data/first-run.md",
    "data/recipe.json",
    "data/shutdown.md",
    "data/resources/requests.csv",
    "data/resources/samples.csv",
    "data/resources/forecast.csv",
    "data/resources/server-samples.csv",
    "data/load.json",
    "data/load.jsonl",
)


def check_status(c: Contents) -> Iterator[str]:
    """A plan claims no measurement; a measured packet has the events it was measured by."""
    d = c.decision
    if d is None:
        return
    if d.status == "planned":
        yield from _claims(c, d)
        return
    if d.route.route != "local_cpu" and c.server is None and c.notebook is None:
        yield f"{DECISION}: status is measured, and neither a server nor a notebook of {d.route.route} is in the packet"
    if "data/events.jsonl" not in c.present:
        yield "data/events.jsonl is missing: a measured packet rests on it"


def _claims(c: Contents, d: DecisionFile) -> Iterator[str]:
    for name in sorted(c.present):
        if name in MEASURED_ONLY or name.startswith("data/logs/"):
            yield f"{name}: a planned packet holds no measurement"
    if d.evaluation is not None:
        yield f"{DECISION}: evaluation: a planned packet has run no cases"
    if c.runtime and (c.runtime.proof or c.runtime.attempts):
        yield f"{RUNTIME}: a planned packet has no proof and no attempts"
    for item in d.completeness:
        if item.id in ("first-run", "eval", "resources", "shutdown") and item.fact.status == "measured":
            yield f"{DECISION}: completeness: {item.id} is said to be measured in a planned packet"
