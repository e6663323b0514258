"""Facts as text for people: value, status, source, place and quote; where sources disagree, every claim."""

from __future__ import annotations

from weighbridge.domain.facts import Claim, Fact
from weighbridge.services.packet_io.markdown import code


def fact_text(fact: Fact) -> str:
    """A fact with how it is known. A conflict has no value: nobody chose among its claims."""
    if fact.status == "missing":
        return f"missing: {code(fact.reason)}"
    if fact.status == "conflicting":
        return f"conflicting, and nobody has decided: {'; '.join(claim_text(c, fact.unit) for c in fact.claims)}"
    return f"{code(fact.text)} ({fact.status}: {_place(fact)})"


def claim_text(claim: Claim, unit: str = "") -> str:
    """What one source says, and where."""
    return f"{code(f'{claim.value} {unit}'.rstrip())} ({_place(claim)})"


def _place(said: Fact | Claim) -> str:
    """Source, line of the model card, and the source's own words where they are not the value itself."""
    named = said.line is None or f"line {said.line}" in said.source
    quoted = said.quote and said.quote != str(said.value)
    where = "" if named else f", line {said.line}"
    return f"{code(said.source)}{where}{f', in its words: {code(said.quote)}' if quoted else ''}"
