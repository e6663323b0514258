"""One fact from what several sources claim: who is believed, and when they disagree."""

from __future__ import annotations

import re
from collections.abc import Sequence

from weighbridge.domain.facts import Claim, Fact, Status, conflicting
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


def licence_fact(card: Claim | None, header: Claim | None) -> Fact | None:
    """The card's word first. Two names of one licence are no disagreement.

    `unknown`, or a link alone, gives way to a name; `other` does not: it says that the licence is none of the usual.
    """
    if card is None or header is None:
        one = card or header
        return fact_of(one) if one else None
    ours, theirs = _licence_names(str(card.value)), _licence_names(str(header.value))
    both_other = _is_other(card) and _is_other(header)
    one_other = _is_other(card) != _is_other(header)
    if ours & theirs or (both_other and not (ours and theirs)):
        return fact_of(_seconded(card, header) if ours or not theirs else _seconded(header, card))
    if (ours and theirs) or (one_other and (ours or theirs)):
        return conflicting((card, header))
    return fact_of(card if ours or not theirs else header)


def _is_other(claim: Claim) -> bool:
    return str(claim.value).casefold().partition(" (")[0] == "other"


def _licence_names(value: str) -> frozenset[str]:
    """What the value calls the licence, in one spelling: `Apache License, Version 2.0` is `apache2.0`.

    Empty where it only says that there is one.
    """
    head, _, rest = value.partition(" (")
    parts = [head, *head.split(", "), *rest.removesuffix(")").split(", ")]
    return frozenset(name for part in parts if not _FILE.search(part) and (name := _spelling(part)) not in _NAMELESS)


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
