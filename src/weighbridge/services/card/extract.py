"""The facts of a Hub repository's model: from its card, the GGUF header, and the card of its base model, one hop.

Real cards are poor. What no source states is missing, with where was looked; the person reads and types it.
"""

from __future__ import annotations

import re

from weighbridge.domain.facts import Claim, Fact, missing
from weighbridge.domain.model.card import FIELDS, CardFacts, from_header
from weighbridge.domain.model.card_merge import context_fact, fact_of, from_base
from weighbridge.domain.model.gguf_types import GgufHeader
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.domain.text import clean_line
from weighbridge.services.card.headings import Kind
from weighbridge.services.card.licence import licence_of
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
_SAME_MODEL, _MADE_FROM = ("", "quantized"), ("adapter", "merge", "finetune")
"""Relations to the base model. Its facts hold for what was quantized from it, not for what was trained or merged."""
_SECTIONS: tuple[Kind, ...] = ("intended_use", "out_of_scope_use", "safety")


def card_facts(
    repo: HubRepo, card: CardText, header: GgufHeader | None = None, base: Base | None = None, base_gap: str = ""
) -> CardFacts:
    """One fact a field. `base`: its licence is held against ours, all else asked where own card and header are silent.

    `base_gap`: why the base model's card could not be read. Never raises. The cards' text may be hostile; every text
    that comes out is one cleaned line. Lines count `readable(card.text)`.
    """
    own = Reading(repo, card)
    theirs = Reading(*base, of_base=f"{base[0].repo}@{base[0].revision[:8]}") if base else None
    fills = _relation(own) in _SAME_MODEL
    declared = from_header(header) if header else None
    facts: dict[str, Fact] = {}
    for name in (field.name for field in FIELDS):
        in_header = _in_header(declared, name)
        fact = licence_of(own, in_header, theirs, fills) if name == "licence" else _stated(own, name, in_header)
        if fact is None and theirs and fills and name not in ("licence", "base_model"):
            found = _stated(theirs, name, None)
            fact = from_base(found) if found else None
        facts[name] = fact or missing(_where_looked(name, own, header, theirs if fills else None, base_gap))
    return CardFacts.model_validate(facts)


def base_model_of(repo: HubRepo, card: CardText) -> str:
    """The one repository that this model was made from; empty where the card names none, several, or no safe name."""
    own = Reading(repo, card)
    names = own.values("base_model")
    if len(names) != 1 or _relation(own) not in (*_SAME_MODEL, *_MADE_FROM):
        return ""
    name = names[0]
    is_safe = _REPO.fullmatch(name) and ".." not in name and not name.endswith(".git")
    return name if is_safe and name.casefold() != repo.repo.casefold() else ""


def _relation(own: Reading) -> str:
    return next(iter(own.values("base_model_relation")), "").casefold()


def _in_header(declared: CardFacts | None, name: str) -> Claim | None:
    fact: Fact | None = getattr(declared, name) if declared else None
    if fact is None or fact.value is None:
        return None
    return Claim(value=fact.value, source=fact.source, quote=fact.quote)


def _stated(reading: Reading, name: str, header: Claim | None) -> Fact | None:
    """What a card and the header beside it state on a field other than the licence."""
    match name:
        case "languages":
            claim = reading.named("language") or header or reading.labelled("languages")
        case "context_length":
            return _without(context_fact(header, reading.contexts()), reading.impossible_context)
        case "base_model":
            claim = reading.named("base_model") or header
        case _:
            claim = next((reading.said(kind) for kind in _SECTIONS if kind == name), None)
    return fact_of(claim) if claim else None


def _without(fact: Fact | None, impossible: str) -> Fact | None:
    """The fact, saying in the source, of a conflict in the last claim's, that one more claim was left out."""
    if fact is None or not impossible:
        return fact
    if not fact.claims:
        return fact.model_copy(update={"source": f"{fact.source}; {impossible}"})
    last = fact.claims[-1]
    noted = last.model_copy(update={"source": f"{last.source}; {impossible}"})
    return fact.model_copy(update={"claims": (*fact.claims[:-1], noted)})


def _where_looked(name: str, own: Reading, header: GgufHeader | None, theirs: Reading | None, base_gap: str) -> str:
    """Why a field is missing: every place that was looked at."""
    looked = [_silence(own, name)]
    if header is not None:
        looked.append("the GGUF header does not state it")
    if theirs is not None and name != "base_model":
        looked.append(_silence(theirs, name))
    elif base_gap and name != "base_model" and _relation(own) in _SAME_MODEL:
        looked.append(f"the card of the base model was not read ({clean_line(base_gap)})")
    return "; ".join(looked) + "; read the card and type it"


def _silence(reading: Reading, name: str) -> str:
    if not reading.text.strip():
        gap = reading.card.gap or "it is empty"
        return f"the {reading.place} was not read ({gap})"
    hollow = reading.hollow(kind for kind in _SECTIONS if kind == name)
    if hollow:
        return f"the {reading.place} has nothing under its heading '{hollow.title}', line {hollow.line}"
    if name == "context_length" and reading.impossible_context:
        return reading.impossible_context
    told = _LOOKED_FOR[name]
    damage = f" (of its metadata: {reading.front.damage})" if "metadata" in told and reading.front.damage else ""
    return f"the {reading.place} has {told}{damage}"
