"""Ollama's own API beside the chat: its address, what it has, what it says of a model, what it holds in memory.

Documented in docs/api.md of Ollama. Every text is cleaned; a field that is not there, or of another type, is None.
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.problems import EndpointProblem

VARIABLE = "OLLAMA_HOST"
DEFAULT = "http://127.0.0.1:11434"
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")
_MOST_MODELS = 100
_EVERYWHERE = ("0.0.0.0", "::")
"""Where a service listens at every address: it is asked at the loopback one."""


class Listed(NamedTuple):
    """A model of /api/tags. `digest`: SHA-256 of its manifest, which names weights, template and parameters by theirs.
    `remote_host`: of a cloud model, which this service only hands requests on to."""

    name: str
    digest: str
    size_bytes: int | None
    quantization: str
    remote_host: str


class Held(NamedTuple):
    """A model of /api/ps, in memory now. `vram_bytes`: the part of `size_bytes` that lies on GPUs."""

    size_bytes: int | None
    vram_bytes: int | None
    n_ctx: int | None


def address() -> str:
    """Of the service, as OLLAMA_HOST says it: host, host:port or an address; BadInput where it is none of them."""
    told = os.environ.get(VARIABLE, "").strip().strip("\"'")
    if not told:
        return DEFAULT
    scheme, separator, rest = told.rpartition("://")
    usual = {"http": 80, "https": 443}.get(scheme) if separator else 11434
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname or "127.0.0.1", parts.port or usual
    except ValueError:
        port = None
    if port is None or parts.username is not None or clean_line(rest, 300) != rest or " " in rest:
        raise BadInput(f"{VARIABLE} is no address of a server.", f"set it like {DEFAULT.removeprefix('http://')}")
    host = "127.0.0.1" if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
    return f"{scheme or 'http'}://{host}:{port}{parts.path.rstrip('/')}"


def same(name: str, listed: str) -> bool:
    """Whether two names mean one model: the tag `latest` need not be written."""
    return listed in (name, f"{name}:latest") or name == f"{listed}:latest"


async def version(client: Client) -> str:
    """Of the service. EndpointProblem, with the way out where none answers."""
    try:
        told = fields(await client.get("/api/version"))
    except EndpointProblem as problem:
        if problem.kind != "unreachable":
            raise
        hint = f"Start it with `ollama serve`, or set {VARIABLE} to where it runs; then start this again."
        raise EndpointProblem("unreachable", f"No Ollama answers at {client.host}.", hint) from None
    return line(told, "version", 60)


async def listed(client: Client) -> tuple[Listed, ...]:
    """Every model that is here, at most a hundred."""
    found = [fields(model) for model in _models(await client.get("/api/tags"))[:_MOST_MODELS]]
    return tuple(
        Listed(
            name=line(model, "name") or line(model, "model"),
            digest=_digest(model),
            size_bytes=count(model, "size"),
            quantization=line(fields(model.get("details")), "quantization_level", 40),
            remote_host=line(model, "remote_host"),
        )
        for model in found
    )


async def find(client: Client, name: str) -> tuple[Listed, tuple[str, ...]]:
    """The model of a name, and the names of all. EndpointProblem names what is there, and how to get this one."""
    models = await listed(client)
    names = tuple(model.name for model in models)
    model = next((model for model in models if same(name, model.name)), None)
    if model is None:
        there = f"it has {', '.join(names[:8])}{' and others' if len(names) > 8 else ''}" if names else "it has none"
        told = f"Ollama at {client.host} has no model {name}: {there}."
        raise EndpointProblem("no_model", told, f"Fetch it with `ollama pull {name}`, or name one that is there.")
    return model, names


async def shown(client: Client, name: str) -> dict[str, Any]:
    """What /api/show says of a model, uncleaned: details, model_info (keys of the GGUF header), license, template."""
    return fields(await client.post("/api/show", {"model": name}))


async def held(client: Client, name: str) -> Held | None:
    """The model in memory; None where it is not there."""
    for model in map(fields, _models(await client.get("/api/ps"))):
        if same(name, line(model, "name") or line(model, "model")):
            return Held(count(model, "size"), count(model, "size_vram"), count(model, "context_length"))
    return None


async def unload(client: Client, name: str) -> None:
    """Asks for the model to be put out of memory at once: no messages, and kept alive for no time."""
    await client.post("/api/chat", {"model": name, "messages": [], "keep_alive": 0, "stream": False})


def fields(found: Any) -> dict[str, Any]:
    """An object of JSON; empty where it is something else."""
    return found if isinstance(found, dict) else {}


def line(found: dict[str, Any], name: str, limit: int = 200) -> str:
    """A text field as one cleaned line; empty where there is none."""
    value = found.get(name)
    return clean_line(value, limit) if isinstance(value, str) else ""


def count(found: dict[str, Any], name: str) -> int | None:
    """A size or count; None where there is none that could be one."""
    value = found.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def _models(found: Any) -> list[Any]:
    models = fields(found).get("models")
    return models if isinstance(models, list) else []


def _digest(model: dict[str, Any]) -> str:
    match = _DIGEST.fullmatch(line(model, "digest", 80))
    return match[1] if match else ""
