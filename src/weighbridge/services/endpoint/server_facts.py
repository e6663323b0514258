"""What a server tells of itself, and which engine it is by its answers. What it does not tell stays unknown.

Asked: the model list, and then what its owner field shows to be there: /props (llama-server), /version (vLLM),
/model_info (SGLang), /api/v0/models (LM Studio), /openapi.json (llama_cpp.server, `transformers serve`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from weighbridge.domain.text import clean_line
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.problems import EndpointProblem

LLAMA_SERVER, LLAMA_CPP_PYTHON, LM_STUDIO = "llama.cpp", "llama-cpp-python", "lm-studio"
VLLM, SGLANG, TRANSFORMERS = "vllm", "sglang", "transformers"
LOADS_ANY = (TRANSFORMERS, LM_STUDIO)
"""Engines that load a model when it is asked for, so that their list need not hold it."""
FACT_S = 3.0
"""How long one question for a fact may take, seconds."""
MOST_MODELS = 100
_OWNERS = {"llamacpp": LLAMA_SERVER, "vllm": VLLM, "sglang": SGLANG}
_UNTOLD = "the server does not tell it"
_META = {"n_ctx_train": "trained context, tokens", "n_params": "parameters", "size": "weights, bytes"}


class Listed(NamedTuple):
    """One entry of the model list, as the server sent it."""

    id: str
    entry: dict[str, Any]


class ServerFacts(NamedTuple):
    """`engine`: empty where no answer shows it. `entry`: what the model list says of the asked model."""

    engine: str
    version: str
    models: tuple[str, ...]
    max_model_len: int | None
    facts: dict[str, str]
    missing: dict[str, str]
    entry: dict[str, Any]


def listed(answer: Any) -> tuple[Listed, ...]:
    """The models of a /models answer, those without a name left out; EndpointProblem where it is none."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        raise EndpointProblem("nonsense", "The server's /models is no model list.", "Is the address that of its API?")
    entries = [one for one in data if isinstance(one, dict) and isinstance(one.get("id"), str)]
    found = (Listed(clean_line(one["id"], 200).strip(), one) for one in entries[:MOST_MODELS])
    return tuple(one for one in found if one.id)


def find(models: tuple[Listed, ...], name: str) -> Listed | None:
    """The entry of a name. `transformers serve` puts @ and the revision behind it."""
    return next((one for one in models if name in (one.id, one.id.partition("@")[0])), None)


async def read_facts(client: Client, models: tuple[Listed, ...], name: str) -> ServerFacts:
    """All that can be had within a few seconds. Never raises for what the server does not answer."""
    one = find(models, name)
    entry = one.entry if one else {}
    owner = str(next((m.entry.get("owned_by") for m in (one, *models) if m is not None), ""))
    engine, found = await _asked(client, _OWNERS.get(owner, ""), name)
    facts = _entry_facts(entry) | found.facts
    most = found.max_model_len or count(entry.get("max_model_len")) or count(_meta(entry).get("n_ctx"))
    known = {"engine": engine, "version": found.version, "max_model_len": most, "models": models}
    missing = {field: _UNTOLD for field, value in known.items() if not value}
    return ServerFacts(engine, found.version, tuple(m.id for m in models), most, facts, missing, entry)


class _Found(NamedTuple):
    """What the questions of one engine gave."""

    version: str = ""
    max_model_len: int | None = None
    facts: dict[str, str] = {}  # noqa: RUF012  never changed


async def _asked(client: Client, engine: str, name: str) -> tuple[str, _Found]:
    """The engine and its facts; where the model list does not show the engine, each is asked for its own sign."""
    if engine == LLAMA_SERVER:
        return engine, _props(await _get(client, "/props"))
    if engine == VLLM:
        return engine, _Found(version=text((await _get(client, "/version")).get("version")))
    if engine == SGLANG:
        model, server = await asyncio.gather(_get(client, "/model_info"), _get(client, "/server_info"))
        return engine, _sglang(model, server)
    studio, openapi = await asyncio.gather(_get(client, "/api/v0/models"), _get(client, "/openapi.json"))
    if isinstance(studio.get("data"), list):
        return LM_STUDIO, _studio(studio["data"], name)
    return _by_openapi(openapi)


async def _get(client: Client, path: str) -> dict[str, Any]:
    """The JSON object of a path; empty where there is none."""
    try:
        found = await client.get(path, timeout_s=FACT_S)
    except EndpointProblem:
        return {}
    return found if isinstance(found, dict) else {}


def _props(props: Mapping[str, Any]) -> _Found:
    """/props of llama-server. Of the model's path only the file name: folders tell of the person who runs it."""
    settings = props.get("default_generation_settings")
    n_ctx = count(settings.get("n_ctx")) if isinstance(settings, dict) else None
    facts = {"model file": _file_name(props.get("model_path")), "slots": text(count(props.get("total_slots")) or "")}
    if isinstance(template := props.get("chat_template"), str) and template:
        facts["chat template, SHA-256"] = hashlib.sha256(template.encode("utf-8", "replace")).hexdigest()
    return _Found(text(props.get("build_info")), n_ctx, {k: v for k, v in facts.items() if v})


def _sglang(model: Mapping[str, Any], server: Mapping[str, Any]) -> _Found:
    root = _root(model.get("model_path"))
    return _Found(text(server.get("version")), count(server.get("context_length")), {"root": root} if root else {})


def _studio(data: list[Any], name: str) -> _Found:
    entry = next((one for one in data if isinstance(one, dict) and one.get("id") == name), {})
    facts = {field: text(entry.get(field)) for field in ("arch", "quantization", "state", "compatibility_type")}
    most = count(entry.get("loaded_context_length")) or count(entry.get("max_context_length"))
    return _Found("", most, {k: v for k, v in facts.items() if v})


def _by_openapi(openapi: Mapping[str, Any]) -> tuple[str, _Found]:
    """By the paths that no other server has."""
    paths, info = openapi.get("paths"), openapi.get("info")
    if not isinstance(paths, dict):
        return "", _Found()
    if "/extras/tokenize" in paths:
        return LLAMA_CPP_PYTHON, _Found(text(info.get("version")) if isinstance(info, dict) else "")
    return (TRANSFORMERS if "/load_model" in paths else ""), _Found()


def _entry_facts(entry: Mapping[str, Any]) -> dict[str, str]:
    """What the model list says of the model: where it comes from, and its size."""
    facts = {field: _root(entry.get(field)) for field in ("root", "parent")}
    facts |= {title: text(count(_meta(entry).get(field)) or "") for field, title in _META.items()}
    facts["quantization"] = text(_meta(entry).get("ftype"))
    return {k: v for k, v in facts.items() if v}


def _meta(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = entry.get("meta")
    return found if isinstance(found, dict) else {}


def _root(value: Any) -> str:
    """Where a model comes from: a repository as it stands, of a folder its name."""
    named = text(value)
    return named if named.count("/") == 1 and not named.startswith(("/", ".", "~")) else _file_name(named)


def _file_name(path: Any) -> str:
    named = text(path)
    return PureWindowsPath(named).name if "\\" in named else PurePosixPath(named).name


def text(value: Any) -> str:
    """A text or whole number as one cleaned line; empty for anything else."""
    return clean_line(str(value), 200) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def count(value: Any) -> int | None:
    """A whole number that a count can be; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15 else None
