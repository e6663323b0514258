"""The model card: carried byte for byte, and every fact that names a line of it stands there in its own words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from weighbridge.domain.facts import Claim, Fact
from weighbridge.domain.model.card import FIELDS, CardFacts
from weighbridge.domain.model.card_text import readable
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.services.card.extract import card_facts
from weighbridge.services.packet_io.checks.card_quotes import REDACTED, stands_in
from weighbridge.services.packet_io.contents import MODEL_CARD, Contents
from weighbridge.services.packet_io.fill.decision import SOFTWARE
from weighbridge.services.packet_io.records.model import CardNote

_OWN, _METADATA = "model card", "model card metadata"
"""How sources begin that name the model's own card."""
FACTS, DECLARED, MODEL = "data/model/card-facts.json", "data/model/declared-facts.json", "data/model/model.json"


def check_card(c: Contents) -> Iterator[str]:
    """The card itself, what the person typed over it, and each quote."""
    if c.model is None or c.card is None or c.declared is None:
        return
    yield from _carried(c)
    for field in FIELDS:
        stands, said = getattr(c.card, field.name), getattr(c.declared, field.name)
        if stands != said and stands.status != "typed":
            yield f"{FACTS}: {field.name} is not what {DECLARED} says, and nobody typed it"
    if c.model.card.file is None or MODEL_CARD not in c.present:
        return
    text = c.text(MODEL_CARD)
    yield from _quotes(c.declared, readable(text).split("\n"))
    if c.decision and c.decision.software == SOFTWARE:
        yield from _read_again(c.declared, c.model.card, text)


def _carried(c: Contents) -> Iterator[str]:
    """The card's file against what model.json says of it."""
    assert c.model is not None
    note = c.model.card
    held = MODEL_CARD in c.present
    if note.file not in (None, MODEL_CARD):
        yield f"{MODEL}: card.file is {note.file!r}, and a card is {MODEL_CARD}"
    elif (note.file is not None) != held:
        yield f"{MODEL_CARD} is {'there' if held else 'missing'}, and {MODEL} says something else"
    if note.file is None or not held:
        return
    data = c.text(MODEL_CARD).encode("utf-8")
    if hashlib.sha256(data).hexdigest() != note.sha256:
        yield f"{MODEL_CARD}: its SHA-256 is not the one in {MODEL}: this is not the card of the repository"
    if len(data) != note.size_bytes:
        yield f"{MODEL_CARD} has {len(data)} bytes, {MODEL} says {note.size_bytes}"
    if (note.repo, note.revision) != (c.model.repo, c.model.revision):
        yield f"{MODEL}: the card is of {note.repo} at {note.revision}, the weights are of another revision"


def _said(fact: Fact) -> Iterator[Fact | Claim]:
    """What of a fact names a line of the card: the fact itself, or its claims."""
    both: tuple[Fact | Claim, ...] = (fact, *fact.claims)
    yield from (said for said in both if said.line is not None)


def _quotes(facts: CardFacts, lines: list[str]) -> Iterator[str]:
    for field in FIELDS:
        for said in _said(getattr(facts, field.name)):
            assert said.line is not None
            if not stands_in(said.quote, lines, said.line):
                yield f"{FACTS}: {field.name}: {said.quote!r} does not stand at line {said.line} of {MODEL_CARD}"


def _read_again(facts: CardFacts, note: CardNote, text: str) -> Iterator[str]:
    """Facts against what the same version reads in the card alone: none is altered, none is passed over."""
    repo, revision = note.repo or "", note.revision or ""
    card = CardText(repo=repo, revision=revision, text=text)
    again = card_facts(HubRepo(repo=repo, revision=revision, fetched_at="", endpoint=""), card)
    for field in FIELDS:
        fact, right = getattr(facts, field.name), getattr(again, field.name)
        yield from _one_again(field.name, fact, right)


def _one_again(name: str, fact: Fact, right: Fact) -> Iterator[str]:
    """One field. Which of several context lengths are kept depends on the weights' header, which no packet holds."""
    values = {(one.line, one.quote): one.value for one in _said(right)}
    for said in _said(fact) if name != "context_length" else ():
        here = (said.line, said.quote)
        if REDACTED.search(f"{said.quote} {said.value}"):
            continue
        if here not in values:
            yield f"{FACTS}: {name}: line {said.line} of {MODEL_CARD}, read again, does not give {said.quote!r}"
        elif said.source.startswith(_OWN) and said.value != values[here]:
            yield f"{FACTS}: {name} is {said.value!r}, {MODEL_CARD}, read again, gives {values[here]!r}"
    if name == "licence" and right.status == "conflicting":
        told = {(one.line, one.quote) for one in _said(fact)}
        for line, quote in values.keys() - told if not any(REDACTED.search(words) for _, words in told) else ():
            yield f"{FACTS}: {name} passes over line {line} of {MODEL_CARD}: {quote!r}"
    by_words_alone = name in ("licence", "languages") and not right.source.startswith(_METADATA)
    if values and not by_words_alone and not any(_said(fact)):
        yield f"{FACTS}: {name} does not name {MODEL_CARD}, which speaks of it at line {min(values)[0]}"
