"""The model card's facts, each with its source: what the GGUF header declares, and gaps for the person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from weighbridge.domain.base import Record
from weighbridge.domain.facts import Fact, declared, missing
from weighbridge.domain.model.card_merge import licence_value
from weighbridge.domain.model.gguf_types import GgufHeader

Declared = dict[str, Fact]


class CardField(NamedTuple):
    """`question` is what the person is asked where nothing declares the field."""

    name: str
    title: str
    question: str


FIELDS = (
    CardField("licence", "Licence", "Which licence does the model card name?"),
    CardField("languages", "Languages", "Which languages does the model card say the model was made for?"),
    CardField("context_length", "Context length", "How many tokens of context does the card promise?"),
    CardField("intended_use", "Intended use", "What does the card say the model is for?"),
    CardField("out_of_scope_use", "Out-of-scope use", "Which uses does the card exclude or forbid?"),
    CardField("safety", "Limits and safety", "Which limitations, biases or risks does the card name?"),
    CardField("base_model", "Base model", "Which model was this one made from?"),
)


class CardFacts(Record):
    """Step 4 of the chain: one fact for each of `FIELDS`."""

    licence: Fact
    languages: Fact
    context_length: Fact
    intended_use: Fact
    out_of_scope_use: Fact
    safety: Fact
    base_model: Fact


def from_header(header: GgufHeader, package: Mapping[str, Fact] | None = None) -> CardFacts:
    """What the file declares about itself; where it is silent, what its `package` declares; else missing."""
    found = dict(package or {}) | _licence(header) | _languages(header) | _context(header) | _base_model(header)
    tags = ", ".join(header.texts("general.tags")[:12])
    aside = f" (its tags are: {tags})" if tags else ""
    gaps = {
        field.name: missing(
            f"the GGUF header does not state it{aside if field.name == 'intended_use' else ''};"
            " read the model card and type it"
        )
        for field in FIELDS
    }
    return CardFacts.model_validate(gaps | found)


def nothing_known(reason: str) -> CardFacts:
    """For a model of which only a name was typed: every field is missing for the same reason."""
    return CardFacts.model_validate({field.name: missing(reason) for field in FIELDS})


def _licence(header: GgufHeader) -> Declared:
    keys = [key for key in ("general.license", "general.license.name", "general.license.link") if header.text(key)]
    if not keys:
        return {}
    value = licence_value(*(header.text(f"general.license{key}") or "" for key in ("", ".name", ".link")))
    return {"licence": declared(value, f"GGUF key {', '.join(keys)}")}


def _languages(header: GgufHeader) -> Declared:
    value = ", ".join(header.texts("general.languages")[:100])
    return {"languages": declared(value, "GGUF key general.languages")} if value else {}


def _context(header: GgufHeader) -> Declared:
    key = f"{header.architecture}.context_length"
    value = header.metadata.get(key)
    if not isinstance(value, int):
        return {}
    return {"context_length": declared(value, f"GGUF key {key}", unit="tokens")}


def _base_model(header: GgufHeader) -> Declared:
    """The first entry of general.base_model: its repository where stated, else organisation and name."""
    prefix = "general.base_model.0."
    found = [key for key in ("organization", "name", "version", "repo_url") if header.text(prefix + key)]
    address = header.text(prefix + "repo_url")
    if not address and "name" not in found:
        return {}
    words = [header.text(prefix + key) or "" for key in found if key != "repo_url"]
    value = " ".join(words) + (f" ({address})" if words and address else address or "")
    return {"base_model": declared(value, f"GGUF keys {prefix}{{{','.join(found)}}}")}
