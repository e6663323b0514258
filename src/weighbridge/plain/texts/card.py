"""The facts of a model card as lines, each with where it is from, and what the licence allows."""

from __future__ import annotations

from weighbridge.domain.facts import Claim, Fact
from weighbridge.domain.model.card import FIELDS, CardFacts
from weighbridge.domain.model.hub import CardText
from weighbridge.domain.model.licences import LicenceNote
from weighbridge.domain.text import clean_line

_QUOTE = 160
"""Characters of a quotation; the card itself has the rest."""


def facts_text(card: CardFacts) -> str:
    """Every field by its number: value, status, source and place, and the source's own words."""
    lines: list[str] = []
    for number, field in enumerate(FIELDS, 1):
        fact: Fact = getattr(card, field.name)
        if fact.status == "conflicting":
            lines.append(f"  {number}. {field.title}: conflicting, so it is yours to say")
            lines += [f"       {_claim(claim, fact.unit)}" for claim in fact.claims]
            continue
        source = f"  [{fact.status}, {_source(fact.source, fact.line)}]" if fact.source else ""
        lines.append(f"  {number}. {field.title}: {clean_line(fact.text, 600)}{source}")
        if fact.quote and fact.quote != str(fact.value):
            lines.append(f'       "{clean_line(fact.quote, _QUOTE)}"')
    return "\n".join(lines)


def _claim(claim: Claim, unit: str) -> str:
    value = clean_line(f"{claim.value} {unit}", 300)
    quote = f': "{clean_line(claim.quote, _QUOTE)}"' if claim.quote and claim.quote != str(claim.value) else ""
    return f"{value}  [{_source(claim.source, claim.line)}]{quote}"


def _source(source: str, line: int | None) -> str:
    """The source, with the line where it does not name one itself."""
    where = f", line {line}" if line is not None and f"line {line}" not in source else ""
    return clean_line(source) + where


def licence_text(note: LicenceNote) -> str:
    """Class, note and address. A note is no legal advice."""
    name = note.name or note.id or "not recognised"
    if note.id and note.id != name:
        name += f" ({note.id})"
    lines = [f"  Licence class: {note.licence_class}: {clean_line(name)}", f"     {clean_line(note.note, 600)}"]
    if note.link:
        lines.append(f"     {clean_line(note.link)}")
    return "\n".join(lines)


def card_place(card: CardText, kept: bool) -> str:
    """Which text the facts were read in, and when; or why there is none."""
    at = f"{clean_line(card.repo)} at commit {card.revision}" if card.repo else "the model's folder"
    when = f", read {card.fetched_at}{', kept from then' if kept else ''}" if card.fetched_at else ""
    if card.gap:
        return f"No model card of {at}{when}: {clean_line(card.gap)}"
    return f"README.md of {at}{when}"
