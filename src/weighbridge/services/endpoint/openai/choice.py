"""A model behind an OpenAI-compatible API for choosing: what the server lists, and what it says of the model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from weighbridge.domain.facts import Fact, declared, missing
from weighbridge.domain.model.card import FIELDS, CardFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput
from weighbridge.services.endpoint.address import parse
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.openai.waiting import models_of
from weighbridge.services.endpoint.server_facts import LOADS_ANY, Listed, ServerFacts, count, find, read_facts, text

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_SHOWN = 8


async def describe(spec: str, now: str) -> tuple[ModelChoice, CardFacts]:
    """The model of `https://host/v1#name`; without #name the only one that the server lists. BadInput, EndpointProblem.

    `now`: the time of the question. A server that is still loading is EndpointProblem with kind `loading`.
    """
    typed = parse(spec)
    async with Client(typed.base_url) as client:
        models = await models_of(client)
        name = typed.model or _only(models, client.host)
        found = await read_facts(client, models, name)
    if models and find(models, name) is None and found.engine not in LOADS_ANY:
        raise BadInput(
            f"{client.host} lists no model {name}, but {names(found.models)}.", "Name one of these behind #."
        )
    return _choice(typed.base_url, name, found, now), _facts(found)


def names(models: Sequence[str]) -> str:
    """A model list for a sentence."""
    return ", ".join(models[:_SHOWN]) + (f", and {len(models) - _SHOWN} more" if len(models) > _SHOWN else "")


def _only(models: tuple[Listed, ...], host: str) -> str:
    if len(models) == 1:
        return models[0].id
    hint = "Write its name behind #, as in https://host/v1#name."
    if not models:
        raise BadInput(f"{host} lists no model.", f"Load one there first. Where it takes a name all the same: {hint}")
    raise BadInput(f"{host} lists {names([one.id for one in models])}: say which is meant.", hint)


def _choice(base_url: str, name: str, found: ServerFacts, now: str) -> ModelChoice:
    meta = found.entry.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    repo = found.facts.get("root", "")
    return ModelChoice(
        kind="endpoint",
        name=name,
        repo=repo if _REPOSITORY.fullmatch(repo) else "",
        size_bytes=count(meta.get("size")),
        quantization=found.facts.get("quantization", ""),
        n_params=count(meta.get("n_params")),
        address=base_url,
        served_name=name,
        source=f"{found.engine or 'a server of unknown kind'} {found.version}".strip()
        + f" at {base_url}, asked {now}; which weights answer is the server's own word",
    )


def _facts(found: ServerFacts) -> CardFacts:
    why = "the server does not tell it; read the model card and type it"
    facts: dict[str, Fact] = {field.name: missing(why) for field in FIELDS}
    return CardFacts.model_validate(facts | _context(found.entry, found.max_model_len) | _parent(found.entry))


def _context(entry: dict[str, Any], served: int | None) -> dict[str, Fact]:
    """What the weights were trained with, where the server tells it, else what it serves at most."""
    meta = entry.get("meta")
    trained = count(meta.get("n_ctx_train")) if isinstance(meta, dict) else None
    if trained is not None:
        return {"context_length": declared(trained, "the server's model list, n_ctx_train", unit="tokens")}
    if served is None:
        return {}
    return {
        "context_length": declared(served, "the server: the longest prompt and answer that it takes", unit="tokens")
    }


def _parent(entry: dict[str, Any]) -> dict[str, Fact]:
    parent = text(entry.get("parent"))
    return {"base_model": declared(parent, "the server's model list, parent")} if parent else {}
