"""LICENSE-NOTE.md: the licence with its sources, its class by the table, the stated use, and what was overruled."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.facts import Fact
from weighbridge.domain.model.card import FIELDS, CardFacts
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.markdown import code
from weighbridge.services.packet_io.notes.facts import claim_text, fact_text
from weighbridge.services.packet_io.records.model import LicenceFile, ModelFile

NO_ADVICE = "A note, not legal advice."


def licence_note(c: Contents) -> str:
    """What is known of the licence, from where, what it allows by the table, and what that does not settle."""
    card, declared = c.card, c.declared
    assert card is not None
    assert declared is not None
    return "\n".join(
        [
            "# Licence note",
            "",
            f"{NO_ADVICE} It records what sources say. Whether that allows the intended use is for the reader to",
            "confirm with the licence's own text at the pinned revision.",
            "",
            f"Licence of the weights: {fact_text(card.licence)}",
            *_of(c.model),
            "",
            "## Where it comes from",
            "",
            *_sources(card.licence, declared.licence),
            "",
            "## What it allows",
            "",
            *_allows(c.licence),
            "",
            "## The card's facts",
            "",
            *_facts(card, declared),
            "",
        ]
    )


def _of(model: ModelFile | None) -> Iterator[str]:
    if model is None or not model.repo:
        return
    yield f"Weights: {code(model.repo)} at revision {code(model.revision or 'unknown')}"


def _sources(stands: Fact, declared: Fact) -> Iterator[str]:
    """Every source; one that the person typed over is still a source."""
    if stands.status == "typed":
        yield f"- the person: {fact_text(stands)}"
    if declared.claims:
        yield from (f"- {claim_text(claim)}" for claim in declared.claims)
    elif declared.status != "typed":
        yield f"- {fact_text(declared)}"
    if declared.status == "conflicting":
        yield ""
        yield "The sources disagree." + ("" if stands.status == "typed" else " Nobody has decided between them.")


def _allows(licence: LicenceFile | None) -> Iterator[str]:
    if licence is None:
        yield "Nobody has looked it up: no class is on record."
        return
    note = licence.note
    yield f"- Class: {note.licence_class}"
    yield f"- Licence: {code(note.name or note.id) if note.name or note.id else 'none that the table knows'}"
    rows = ", ".join(code(row.id) for group in licence.rows for row in group.licence)
    yield f"- By: {code(licence.table)}, {f'rows {rows}' if rows else 'which has no row for it'}"
    yield f"- Note: {code(note.note)}"
    yield f"- Link: {code(note.link) if note.link else 'none'}"
    yield f"- Commercial use stated: {'yes' if licence.commercial_use else 'no'}"
    if not licence.refusal:
        yield "- Refusal: none"
        return
    yield f"- Refusal: {code(licence.refusal)}"
    if (given := licence.override) is None:
        yield "- Override: none; the refusal stands"
    else:
        yield f"- Override: by the person at {given.at}, for the reason {code(given.reason)}"


def _facts(card: CardFacts, declared: CardFacts) -> Iterator[str]:
    for field in FIELDS:
        stands, said = getattr(card, field.name), getattr(declared, field.name)
        typed_over = f"; the sources say: {fact_text(said)}" if said != stands else ""
        yield f"- {field.title}: {fact_text(stands)}{typed_over}"
