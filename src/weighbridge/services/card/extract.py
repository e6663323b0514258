"""The facts of a Hub repository's model: from its card, the GGUF header, and the card of its base model, one hop.

Real cards are poor. What no source states is missing, with where was looked; the person reads and types it.
"""

from __future__ import annotations

import re

from weighbridge.domain.facts import Claim, Fact, missing
from weighbridge.domain.model.card import FIELDS, CardFacts, from_header
from weighbridge.domain.model.card_merge import context_fact, fact_of, from_base, licence_fact
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.services.card.headings import Kind
from weighbridge.services.card.reading import Reading

Base = tuple[HubRepo, CardText]
"""The base model's repository and its card, both pinned."""

_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,95}/[A-Za-z0-9][A-Za-z0-9_.-]{0,95}")
_LOOKED_FOR = {
    "licence": "neither the metadata key license nor an English heading on the licence",
    "languages": "neither the metadata key language nor an English heading on languages",
    "context_length": "no context length in its prose or tables",
    "intended_use": "no English heading on intended use",
    "out_of_scope_use": "no English heading on out-of-scope use or misuse",
    "safety": "no English heading on limitations, bias, risks or safety",
    "base_model": "no metadata key base_model",
}
_SECTIONS: tuple[Kind, ...] = ("intended_use", "out_of_scope_use", "safety")


def card_facts(repo: HubRepo, card: CardText, header: GgufHeader | None = None, base: Base | None = None) -> CardFacts:
    """One fact a field. `base`: asked only where the model's own card and header are silent. Never raises.

    The cards' text may be hostile; every text that comes out is one cleaned line. Lines count `readable(card.text)`.
    """
    own = Reading(repo, card)
    theirs = Reading(*base, of_base=f"{base[0].repo}@{base[0].revision[:8]}") if base else None
    declared = from_header(header) if header else None
    facts: dict[str, Fact] = {}
    for field in FIELDS:
        fact = _stated(own, field.name, _in_header(declared, field.name))
        if fact is None and theirs is not None and field.name != "base_model":
            found = _stated(theirs, field.name, None)
            fact = from_base(found) if found else None
        facts[field.name] = fact or missing(_where_looked(field.name, own, header, theirs))
    return CardFacts.model_validate(facts)


def base_model_of(repo: HubRepo, card: CardText) -> str:
    """The one repository that this model was quantized from; empty where the card names none, several, or no safe name.

    Facts of a model do not hold for what was trained or merged from it, so other relations than `quantized` end here.
    """
    own = Reading(repo, card)
    names, relation = own.values("base_model"), own.values("base_model_relation")
    if len(names) != 1 or relation[:1] not in ((), ("quantized",)):
        return ""
    name = names[0]
    is_safe = _REPO.fullmatch(name) and ".." not in name and not name.endswith(".git")
    return name if is_safe and name.casefold() != repo.repo.casefold() else ""


def needs_base(facts: CardFacts) -> bool:
    """Whether the base model's card could fill a gap."""
    return any(getattr(facts, field.name).status == "missing" for field in FIELDS if field.name != "base_model")


def _in_header(declared: CardFacts | None, name: str) -> Claim | None:
    fact: Fact | None = getattr(declared, name) if declared else None
    if fact is None or fact.value is None:
        return None
    return Claim(value=fact.value, source=fact.source, quote=fact.quote)


def _stated(reading: Reading, name: str, header: Claim | None) -> Fact | None:
    """What a card and the header beside it state on a field."""
    match name:
        case "licence":
            in_words = None if header else reading.labelled("licence")
            return licence_fact(reading.licence() or in_words, header)
        case "languages":
            claim = reading.named("language") or header or reading.labelled("languages")
        case "context_length":
            return context_fact(header, reading.contexts())
        case "base_model":
            claim = reading.named("base_model") or header
        case _:
            claim = next((reading.said(kind) for kind in _SECTIONS if kind == name), None)
    return fact_of(claim) if claim else None


def _where_looked(name: str, own: Reading, header: GgufHeader | None, theirs: Reading | None) -> str:
    """Why a field is missing: every place that was looked at."""
    looked = [_silence(own, name)]
    if header is not None:
        looked.append("the GGUF header does not state it")
    if theirs is not None and name != "base_model":
        looked.append(_silence(theirs, name))
    return "; ".join(looked) + "; read the card and type it"


def _silence(reading: Reading, name: str) -> str:
    if not reading.text.strip():
        gap = reading.card.gap or "it is empty"
        return f"the {reading.place} was not read ({gap})"
    hollow = reading.hollow(kind for kind in _SECTIONS if kind == name)
    if hollow:
        return f"the {reading.place} has nothing under its heading '{hollow.title}', line {hollow.line}"
    told = _LOOKED_FOR[name]
    damage = f" (of its metadata: {reading.front.damage})" if "metadata" in told and reading.front.damage else ""
    return f"the {reading.place} has {told}{damage}"
