"""Gaps and reasons below data/model/: what is known has no reason to be missing, and what is missing says nothing else.

Reasons that follow from the kind of model are made again; all others stand in the texts for people, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.facts import Fact, Status
from weighbridge.domain.model.card import FIELDS
from weighbridge.services.packet_io.checks.pages import other_version
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.model import reasons
from weighbridge.services.packet_io.model_card import NO_CARD, NOT_RECORDED, WITH_CARD
from weighbridge.services.packet_io.records.model import CardNote, ModelFile

MODEL = "data/model/model.json"
_PLACE = ("source", "quote", "line")
_EMPTY: dict[Status, tuple[str, ...]] = {
    "missing": (*_PLACE, "unit", "claims"),
    "conflicting": (*_PLACE, "reason"),
    "typed": ("quote", "line", "reason", "claims"),
    "declared": ("reason", "claims"),
    "derived": ("reason", "claims"),
    "measured": ("reason", "claims"),
}
"""What a fact of each status does not have."""


def check_gaps(c: Contents) -> Iterator[str]:
    """Of the model, its card, and every fact."""
    if c.model is not None:
        yield from _model(c, c.model)
        yield from _card(c, c.model, c.model.card)
    for name, facts in (("card-facts.json", c.card), ("declared-facts.json", c.declared)):
        for field in FIELDS if facts else ():
            yield from _fact(f"data/model/{name}: {field.name}", getattr(facts, field.name))


def _fact(where: str, fact: Fact) -> Iterator[str]:
    for name in _EMPTY[fact.status]:
        if getattr(fact, name):
            yield f"{where} is {fact.status}, and has {name} all the same"


def _model(c: Contents, model: ModelFile) -> Iterator[str]:
    right = reasons(model.kind, model.model_dump())
    for name in sorted(right.keys() | model.missing.keys()):
        if (said := model.missing.get(name)) != (why := right.get(name)):
            yield f"{MODEL}: missing.{name} is {said!r}, the record gives {why!r}{other_version(c)}"


def _card(c: Contents, model: ModelFile, card: CardNote) -> Iterator[str]:
    """A card that is not carried has one reason for all that is not known of it."""
    gaps = {name for name, value in card.model_dump(exclude={"missing"}).items() if value is None}
    if gaps != card.missing.keys():
        yield f"{MODEL}: card.missing names {sorted(card.missing)}, and {sorted(gaps)} are not known"
        return
    why = card.missing.get("file")
    for name in sorted(gaps - {"file"}):
        if card.missing[name] not in (why, NOT_RECORDED):
            yield f"{MODEL}: card.missing.{name} is not the reason why there is no card"
    if model.kind not in WITH_CARD and (card.sha256 or why != NO_CARD[model.kind]):
        yield f"{MODEL}: card.missing.file is not why a model of kind {model.kind} has no card{other_version(c)}"
