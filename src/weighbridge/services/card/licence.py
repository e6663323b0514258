"""The licence of a model: what its card, its file and its base model's card say of it, side by side."""

from __future__ import annotations

from weighbridge.domain.facts import Claim, Fact
from weighbridge.domain.model.card_merge import fact_of, from_base, licence_fact, settles, with_base
from weighbridge.services.card.reading import Reading
from weighbridge.services.card.stricter import stricter
from weighbridge.services.tables import load_licences


def licence_of(own: Reading, header: Claim | None, base: Reading | None, fills: bool) -> Fact | None:
    """`fills`: whether the base model's licence may stand where nothing else names one.

    A licence that the base model's card names and ours does not is a conflict: what is made from a model seldom has
    more rights than it gives.
    """
    fact = _stated(own, header)
    if fact is None and base is not None and fills:
        theirs = _stated(base, None)
        return _beside_unread(from_base(theirs), own) if theirs else None
    if fact is not None and base is not None:
        return with_base(fact, _named(base), load_licences())
    return fact


def _stated(reading: Reading, header: Claim | None) -> Fact | None:
    """What the card and the header beside it state."""
    claims, table = _claims(reading), load_licences()
    if header is None and not claims:
        in_words = reading.labelled("licence")
        return fact_of(in_words) if in_words else None
    if header and not reading.licences() and (not claims or settles(header, table)):
        return _beside_unread(fact_of(header), reading)
    return licence_fact(claims, header, table)


def _beside_unread(fact: Fact, own: Reading) -> Fact:
    """What another source says, where metadata that nobody could read may say something else."""
    if not own.unread or not fact.source:
        return fact
    source = f"{fact.source}; the metadata of the model card could not be read ({own.front.damage})"
    return fact.model_copy(update={"status": "derived", "source": source})


def _claims(reading: Reading) -> tuple[Claim, ...]:
    """What the metadata names, and words of the card's licence section that are stricter than all of it."""
    named, table = reading.licences(), load_licences()
    if any(settles(claim, table) for claim in named):
        return named
    words = stricter(reading)
    return (*named, words) if words else named


def _named(base: Reading) -> tuple[Claim, ...]:
    """Claims of the base model's card that name a licence: words of a section do where they are a name as a whole."""
    claims, in_words = _claims(base), base.labelled("licence")
    if claims or in_words is None or load_licences().find(str(in_words.value)) is None:
        return claims
    return (in_words,)
