"""One fact from what several sources claim: who is believed, and when they disagree."""

from __future__ import annotations

import re
from collections.abc import Sequence

from weighbridge.domain.facts import Claim, Fact, Status, conflicting
from weighbridge.domain.model.licences import LicenceTable, classify
from weighbridge.domain.text import clean_line

MAX_CLAIMS = 8
_NAMELESS = frozenset({"", "other", "unknown"})
_FILE = re.compile(r"://|^/|(^|/)(licen[cs]e|copying|blob|raw|resolve)\b|\.(md|txt|pdf|html?)$", re.IGNORECASE)
"""An address or a file name: where the licence stands, not what it is called. `mit/cc-by-nc-4.0` is two names."""


def licence_value(licence_id: str, name: str = "", link: str = "") -> str:
    """`apache-2.0`; `other (name, link)` where the id alone says nothing, or the name says something else."""
    more = ", ".join(filter(None, (name, link)))
    says_all = licence_id.casefold() not in _NAMELESS and _spelling(name) in ("", _spelling(licence_id))
    if says_all or not more:
        return licence_id or more
    return f"{licence_id} ({more})" if licence_id else more


def fact_of(claim: Claim, status: Status = "declared", unit: str = "") -> Fact:
    return Fact(status=status, value=claim.value, unit=unit, source=claim.source, quote=claim.quote, line=claim.line)


def licence_fact(card: Sequence[Claim], header: Claim | None, table: LicenceTable) -> Fact | None:
    """The card's word first. Two names of one licence are no disagreement.

    `unknown`, or a link alone, gives way to a name; `other` does not: it says that the licence is none of the usual.
    """
    if len(card) > 1:
        return _disputed(card, header, table)
    if not card or header is None:
        one = card[0] if card else header
        return fact_of(one) if one else None
    own = card[0]
    ours, theirs = licence_names(own, table), licence_names(header, table)
    both_other = _is_other(own) and _is_other(header)
    same = theirs and theirs <= ours and not _is_doubted(own, header, table)
    if same or (both_other and not (ours and theirs)):
        return fact_of(_seconded(own, header) if ours or not theirs else _seconded(header, own))
    if differ(own, header, table):
        return conflicting((own, header))
    if ours or not theirs:
        return fact_of(own)
    source = f"{header.source}; {own.source} names none"
    return fact_of(header.model_copy(update={"source": source, "quote": own.quote, "line": own.line}))


def _disputed(card: Sequence[Claim], header: Claim | None, table: LicenceTable) -> Fact:
    """The card disagrees with itself; the header agrees with one of its claims, or is one more."""
    claims = list(card)
    if header is not None:
        theirs = licence_names(header, table)
        same = next((n for n, one in enumerate(claims) if theirs and theirs <= licence_names(one, table)), None)
        if same is None:
            claims.append(header)
        else:
            claims[same] = _seconded(claims[same], header)
    return conflicting(claims) if len({str(claim.value) for claim in claims}) > 1 else fact_of(claims[0])


def differ(own: Claim, other: Claim, table: LicenceTable) -> bool:
    """Whether the other names a licence that this one does not, or only one of them is none of the usual."""
    ours, theirs = licence_names(own, table), licence_names(other, table)
    if ours and theirs:
        return not theirs <= ours or _is_doubted(own, other, table)
    return _is_other(own) != _is_other(other) and bool(ours or theirs)


def with_base(fact: Fact, base: Sequence[Claim], table: LicenceTable) -> Fact:
    """A licence beside what the base model's card says of its own: a name that is not among ours is a conflict."""
    ours = fact.claims or (Claim(value=fact.value or "", source=fact.source, quote=fact.quote, line=fact.line),)
    strange = [
        claim.model_copy(update={"line": None})
        for claim in base
        if (licence_names(claim, table) or _is_other(claim)) and all(differ(own, claim, table) for own in ours)
    ]
    return conflicting((*ours, *strange)) if strange else fact


def settles(claim: Claim, table: LicenceTable) -> bool:
    """Whether words that forbid commercial use say nothing new beside this: it forbids it, or is the author's own."""
    found = classify(fact_of(claim), table).licence_class
    return found == "non-commercial" or (found == "unknown" and _is_other(claim))


def _is_doubted(own: Claim, other: Claim, table: LicenceTable) -> bool:
    """Whether the other gives the name of a usual licence to one that it says is none of the usual."""
    return _is_other(other) and not _is_other(own) and settles(other, table)


def _is_other(claim: Claim) -> bool:
    return str(claim.value).casefold().partition(" (")[0] == "other"


def licence_names(claim: Claim, table: LicenceTable) -> frozenset[str]:
    """What the claim calls the licence, in one spelling: `Apache License, Version 2.0` is `apache2.0`.

    Empty where it only says that there is one.
    """
    value = str(claim.value)
    head, _, rest = value.partition(" (")
    parts = [value] if table.find(value) else [head] if table.find(head) else head.split(", ")
    parts += [] if table.find(value) else rest.removesuffix(")").split(", ")
    rows = ((part, table.find(part)) for part in parts if not _FILE.search(part))
    return frozenset(name for part, row in rows if (name := _spelling(row.id if row else part)) not in _NAMELESS)


def _spelling(name: str) -> str:
    words = re.sub(r"\b(licen[cs]e|version|the)\b|\bv(?=\d)|-only\b", " ", name.casefold())
    return re.sub(r"[^\w.+]|_", "", words).removesuffix(".0").strip(".")


def _seconded(claim: Claim, other: Claim) -> Claim:
    """A claim that another source agrees with. The line, which opens the card, may be the other's."""
    source = f"{claim.source}; {other.source} says the same"
    if claim.line is None and other.line is not None:
        return claim.model_copy(update={"source": source, "quote": other.quote, "line": other.line})
    return claim.model_copy(update={"source": source})


def context_fact(header: Claim | None, prose: Sequence[tuple[Claim, int]]) -> Fact | None:
    """Tokens. `prose`: each claim with the least number that its words may mean (32k: 32,000 to 32,768).

    The header's number is declared; one that stands in prose alone is derived. Different numbers conflict.
    """
    kept: list[tuple[Claim, int]] = [] if header is None else [(header, int(header.value))]
    for claim, least in prose:
        same = next((n for n, (known, low) in enumerate(kept) if _overlap(int(known.value), low, claim, least)), None)
        if same is None:
            kept.append((claim, least))
        elif kept[same][0] is header:
            kept[same] = (_seconded(header, claim), least)
    claims = [claim for claim, _ in kept]
    if not claims:
        return None
    if len({claim.value for claim in claims}) > 1:
        return conflicting(claims[:MAX_CLAIMS], unit="tokens")
    return fact_of(claims[0], "declared" if header else "derived", "tokens")


def _overlap(known: int, known_least: int, claim: Claim, least: int) -> bool:
    return known_least <= int(claim.value) and least <= known


def from_base(fact: Fact) -> Fact:
    """The same, as it stands for the model that was made from that base: it follows, and has no line in our card."""
    claims = tuple(claim.model_copy(update={"line": None}) for claim in fact.claims)
    status: Status = "conflicting" if fact.status == "conflicting" else "derived"
    return fact.model_copy(update={"status": status, "line": None, "claims": claims})


def shortened(names: Sequence[str], limit: int = 300) -> str:
    """A list as one line."""
    return clean_line(", ".join(names), limit)
