"""A model of Ollama for choosing: its digest, and what the service says of it in place of a file's header."""

from __future__ import annotations

from typing import Any

from weighbridge.domain.facts import Fact, declared, missing
from weighbridge.domain.model.card import FIELDS, CardFacts
from weighbridge.domain.model.card_merge import licence_value
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.text import clean_line
from weighbridge.services.endpoint.address import OLLAMA
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.ollama import api

_SAYS = "Ollama's /api/show"


async def describe(spec: str, *, private: bool = False) -> tuple[ModelChoice, CardFacts]:
    """The model of `ollama:NAME` at the service that OLLAMA_HOST names. BadInput, EndpointProblem, Refused.

    `private`: the inputs may not leave the machine, and a cloud model is refused, wherever the service runs.
    """
    name = clean_line(spec.strip().removeprefix(OLLAMA), 200)
    if not name or " " in name:
        raise BadInput("ollama: needs the name of a model behind it.", "`ollama list` names those that are here")
    address = api.address()
    async with Client(address) as client:
        version = await api.version(client)
        model, _ = await api.find(client, name)
        if model.remote_host and private:
            where = f"{model.name} is a cloud model of {model.remote_host}"
            raise Refused(
                f"The inputs may not leave your own machines, and {where}.",
                "Choose a model that runs here, or answer the privacy question anew in the step Constraints.",
            )
        shown = await api.shown(client, model.name)
    info = api.fields(shown.get("model_info"))
    choice = ModelChoice(
        kind="ollama",
        name=model.name,
        revision=model.digest,
        size_bytes=model.size_bytes,
        declared_sha256=model.digest,
        quantization=model.quantization,
        architecture=api.line(info, "general.architecture", 60),
        n_params=api.count(info, "general.parameter_count"),
        address=address,
        served_name=model.name,
        source=_source(version, model),
    )
    return choice, _facts(info, shown)


def _source(version: str, model: api.Listed) -> str:
    where = f"; a cloud model, answered by {model.remote_host}" if model.remote_host else ""
    return f"Ollama {version or 'of unknown version'}: name and digest of the model's manifest from /api/tags{where}"


def _facts(info: dict[str, Any], shown: dict[str, Any]) -> CardFacts:
    """What the service declares; where it is silent, missing."""
    why = f"{_SAYS} does not state it; read the model card and type it"
    found: dict[str, Fact] = {field.name: missing(why) for field in FIELDS}
    architecture = api.line(info, "general.architecture", 60)
    if n_ctx := api.count(info, f"{architecture}.context_length"):
        found["context_length"] = declared(n_ctx, f"{_SAYS}, {architecture}.context_length", unit="tokens")
    if licence := licence_value(*(api.line(info, f"general.license{end}") for end in ("", ".name", ".link"))):
        found["licence"] = declared(licence, f"{_SAYS}, general.license")
    elif title := _title(shown.get("license")):
        found["licence"] = declared(title, f"{_SAYS}, first line of the licence's text")
    languages = info.get("general.languages")
    if isinstance(languages, list) and languages:
        told = ", ".join(clean_line(str(language), 20) for language in languages[:100])
        found["languages"] = declared(told, f"{_SAYS}, general.languages")
    base = api.line(info, "general.base_model.0.repo_url") or api.line(info, "general.base_model.0.name")
    if base := base or api.line(api.fields(shown.get("details")), "parent_model"):
        found["base_model"] = declared(base, _SAYS)
    return CardFacts.model_validate(found)


def _title(licence: Any) -> str:
    """What the text of a licence calls itself: its first line, and the second where that has the version."""
    text = licence if isinstance(licence, str) else ""
    first, second, *_ = [clean_line(one, 100) for one in text[:2000].splitlines() if one.strip()] + ["", ""]
    return f"{first} {second}".partition(",")[0] if second.casefold().startswith("version") else first
