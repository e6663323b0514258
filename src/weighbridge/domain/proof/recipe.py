"""The recipe of a proof: everything that another person needs to run it again, fixed, and derived from its events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.model.choice import ChoiceKind, ModelChoice
from weighbridge.domain.proof.events import Attempt, Connected, Event, Loaded, Mode, Ready, RequestStarted
from weighbridge.domain.proof.settings import HeardSettings, RuntimeSettings
from weighbridge.domain.proof.summary import last, last_attempt
from weighbridge.domain.proof.threads import Swept, ThreadsLowered
from weighbridge.domain.serving.identity import model_facts, template_digest
from weighbridge.domain.serving.sent import gaps, heard
from weighbridge.domain.serving.target import Target

Sampler = Literal["greedy", "temperature"]
_FEATURE = re.compile(r"\b([A-Za-z0-9_]+) = 1\b")
_ORIGIN = ("model_kind", "model_repo", "model_revision")
NO_TEMPLATE = "the file has no chat template: prompts go in raw"
_AS_LOADED = {
    "chat_template_sha256": NO_TEMPLATE,
    "omp_wait_policy": "the library's own",
    "omp_spin_count": "the library's own",
    "threads_from": "not recorded",
}
"""Why a field is null although the model was loaded."""
_NO_REPO = "the file came from no repository"
_NO_SERVED_REPO = "the server does not tell from which repository its model came"
_OTHER_MODEL = "another model has been chosen since"
_NOT_SO_FAR = "the proof did not get so far"
_SERVERS_OWN = "a server answered: this is its own affair, and it does not tell it"


class Recipe(Record):
    """One proof, fixed. `missing` says why a field is null, and which settings (`settings.n_ctx`) were never sent.

    `settings` are those that were wished, with the threads as used in place of those that were to be measured. What
    the engine made of them stands behind: types of the KV cache, flash attention, extra buffer types. With a `target` a
    server answered: the settings that it was never sent are null.
    """

    schema_version: Literal[1] = 1
    job_id: str = Field(description="the proof in events.jsonl that this was taken from")
    model_sha256: str
    model_file: str = Field(description="file name only")
    model_kind: ChoiceKind | None = Field(description="bundled, file, or hub: where a file with this digest comes from")
    model_repo: str | None
    model_revision: str | None
    prompt: str
    settings: HeardSettings
    threads_from: str | None = Field(
        description="how the threads were come by (measured, remembered, fixed, fallback), and whether they got fewer"
    )
    sampler: Sampler = Field(description="greedy: the likeliest token, at temperature 0")
    chat_template_sha256: str | None
    library: str
    version: str
    engine: str | None
    python: str | None
    system_info: str | None = Field(description="llama_print_system_info() of the child")
    cpu_features: tuple[str, ...] | None = Field(description="instruction sets and build options that it names")
    mode: Mode = Field(description="safe: without the engine's extra buffer types")
    use_extra_bufts: bool | None
    load_mode: str | None
    n_ubatch: int | None = Field(description="as the engine took it")
    type_k: str | None
    type_v: str | None
    flash_attn: str | None
    omp_wait_policy: str | None
    omp_spin_count: str | None
    target: Target | None = Field(default=None, description="the server that answered; null: a child on this machine")
    model_facts: dict[str, str] = Field(
        default_factory=dict, description="by what the server's model can be told from another, as it told it"
    )
    missing: dict[str, str]


def threads_of(events: Sequence[Event]) -> tuple[int, int] | None:
    """Threads for decode and for prefill, as used: as chosen, else as loaded; None where nothing was loaded."""
    swept, loaded = last(events, Swept), last(events, Loaded)
    source = swept or loaded
    return (source.n_threads, source.n_threads_batch) if source else None


def features(system_info: str) -> tuple[str, ...]:
    """What a build and a processor offer, by the engine's own line: `AVX2 = 1` gives AVX2; without repetitions."""
    return tuple(dict.fromkeys(_FEATURE.findall(system_info)))


def recipe_of(job: Sequence[Event], model: ModelChoice | None, prompt: str) -> Recipe | None:
    """The recipe of a job by its last attempt; None where the job has none.

    `model`: the one that is chosen, for its origin. `prompt`: that of the record, where the job came to none itself.
    """
    live = last_attempt(job)
    attempt = last(live, Attempt)
    if attempt is None:
        return None
    asked = next((e.prompt for e in live if isinstance(e, RequestStarted) and not e.warmup), prompt)
    same = model is not None and _is_same(model, attempt)
    values = {**_origin(model if same else None), **_as_loaded(last(live, Loaded)), **_build(last(live, Ready))}
    if attempt.target is not None:
        values |= _served(last(live, Connected))
    swept, loaded = last(live, Swept), last(live, Loaded)
    lowered = last(live, ThreadsLowered)
    later = f"; {lowered.n_threads} from the middle of an answer on" if lowered else ""
    values["threads_from"] = f"{swept.how}{later}" if swept else None
    origin = (_NO_REPO if attempt.target is None else _NO_SERVED_REPO) if same else _OTHER_MODEL
    reasons = {**(_AS_LOADED if loaded else {}), **dict.fromkeys(_ORIGIN, origin)}
    known = {name: None if value == "" else value for name, value in values.items()}
    otherwise = _NOT_SO_FAR if attempt.target is None else _SERVERS_OWN
    return Recipe(
        job_id=attempt.job_id,
        model_sha256=attempt.model_sha256,
        model_file=attempt.model_file,
        prompt=asked,
        settings=heard(_fixed(attempt.settings, threads_of(live)), attempt.target),
        sampler="temperature" if attempt.settings.temperature > 0 else "greedy",
        library=attempt.runtime,
        version=attempt.version,
        mode=attempt.mode,
        target=recognised(attempt.target, last(live, Connected)),
        model_facts=model_facts(last(live, Connected)),
        missing={name: reasons.get(name, otherwise) for name, value in known.items() if value is None}
        | gaps(attempt.target),
        **known,
    )


def _is_same(model: ModelChoice, attempt: Attempt) -> bool:
    """Whether the attempt was of this model: by the digest of its file, or by the server's address and name for it."""
    target = attempt.target
    if target is None:
        return model.sha256 == attempt.model_sha256
    return (model.address, model.served_name) == (target.base_url, target.model) or model.repo == target.model != ""


def _served(connected: Connected | None) -> dict[str, Any]:
    """Engine and version as the server names them, and its chat template."""
    engine = f"{connected.engine} {connected.version}".strip() if connected else None
    return {"engine": engine, "chat_template_sha256": template_digest(connected)}


def recognised(target: Target | None, connected: Connected | None) -> Target | None:
    """The target with the engine that the server showed, where none was known before."""
    if target is None or connected is None or target.engine or not connected.engine:
        return target
    return target.model_copy(update={"engine": connected.engine})


def _fixed(settings: RuntimeSettings, threads: tuple[int, int] | None) -> RuntimeSettings:
    if threads is None:
        return settings
    return settings.model_copy(update={"n_threads": threads[0], "n_threads_batch": threads[1]})


def _origin(model: ModelChoice | None) -> dict[str, Any]:
    return {
        "model_kind": model.kind if model else None,
        "model_repo": model.repo if model else None,
        "model_revision": model.revision if model else None,
    }


def _build(ready: Ready | None) -> dict[str, Any]:
    """What the child says of library, interpreter and processor."""
    return {
        "engine": ready.engine if ready else None,
        "python": ready.python if ready else None,
        "system_info": ready.system_info if ready else None,
        "cpu_features": features(ready.system_info) if ready else None,
    }


def _as_loaded(loaded: Loaded | None) -> dict[str, Any]:
    names = (
        "chat_template_sha256",
        "use_extra_bufts",
        "load_mode",
        "n_ubatch",
        "type_k",
        "type_v",
        "flash_attn",
        "omp_wait_policy",
        "omp_spin_count",
    )
    return {name: getattr(loaded, name) if loaded else None for name in names}
