"""A value together with how it was obtained; a gap together with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import model_validator

from weighbridge.domain.base import Record

Scalar = bool | int | float | str
Status = Literal["measured", "declared", "derived", "typed", "conflicting", "missing"]


class Claim(Record):
    """What one source says. `quote`: its own words, one cleaned line; `line`: where in the model card, from 1."""

    value: Scalar
    source: str
    quote: str = ""
    line: int | None = None


class Fact(Record):
    """One statement of the evidence.

    `measured`: obtained by this program, `source` says how. `declared`: read in a file, `source` says where.
    `derived`: follows from the rules, `source` says from what.
    `typed`: the person's own words. `conflicting`: sources disagree; `claims` has what each says, and there is no
    value until the person types one. `missing`: no value, and `reason` says why. Nothing is ever guessed.
    `quote` and `line` are those of the one claim behind a declared or derived fact.
    """

    status: Status
    value: Scalar | None = None
    unit: str = ""
    source: str = ""
    reason: str = ""
    quote: str = ""
    line: int | None = None
    claims: tuple[Claim, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.status == "missing":
            if self.value is not None or not self.reason:
                raise ValueError("a missing fact has no value and says why")
        elif self.status == "conflicting":
            if self.value is not None or len({str(claim.value) for claim in self.claims}) < 2:
                raise ValueError("a conflicting fact has no value, and two claims that differ")
        elif self.value is None or self.value == "":
            raise ValueError(f"a {self.status} fact needs a value")
        return self

    @property
    def text(self) -> str:
        """The value with its unit, `missing: reason`, or `conflicting: ` and what each source says."""
        if self.status == "missing":
            return f"missing: {self.reason}"
        if self.status == "conflicting":
            said = "; ".join(f"{claim.value} {self.unit}".rstrip() + f" ({claim.source})" for claim in self.claims)
            return f"conflicting: {said}"
        return f"{self.value} {self.unit}".rstrip()


def measured(value: Scalar, source: str, unit: str = "") -> Fact:
    return Fact(status="measured", value=value, source=source, unit=unit)


def declared(value: Scalar, source: str, unit: str = "") -> Fact:
    return Fact(status="declared", value=value, source=source, unit=unit)


def derived(value: Scalar, source: str) -> Fact:
    return Fact(status="derived", value=value, source=source)


def typed(value: Scalar, unit: str = "") -> Fact:
    return Fact(status="typed", value=value, source="typed by the person", unit=unit)


def conflicting(claims: Iterable[Claim], unit: str = "") -> Fact:
    return Fact(status="conflicting", claims=tuple(claims), unit=unit)


def missing(reason: str) -> Fact:
    return Fact(status="missing", reason=reason)
