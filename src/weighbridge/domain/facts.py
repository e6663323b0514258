"""A value together with how it was obtained; a gap together with its reason."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from weighbridge.domain.base import Record

Scalar = bool | int | float | str
Status = Literal["measured", "declared", "derived", "typed", "missing"]


class Fact(Record):
    """One statement of the evidence.

    `measured`: obtained by this program, `source` says how. `declared`: read in a file, `source` says where.
    `derived`: follows from the rules, `source` says from what.
    `typed`: the person's own words. `missing`: no value, and `reason` says why. Nothing is ever guessed.
    """

    status: Status
    value: Scalar | None = None
    unit: str = ""
    source: str = ""
    reason: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.status == "missing":
            if self.value is not None or not self.reason:
                raise ValueError("a missing fact has no value and says why")
        elif self.value is None or self.value == "":
            raise ValueError(f"a {self.status} fact needs a value")
        return self

    @property
    def text(self) -> str:
        """The value with its unit, or `missing: reason`."""
        if self.status == "missing":
            return f"missing: {self.reason}"
        return f"{self.value} {self.unit}".rstrip()


def measured(value: Scalar, source: str, unit: str = "") -> Fact:
    return Fact(status="measured", value=value, source=source, unit=unit)


def declared(value: Scalar, source: str, unit: str = "") -> Fact:
    return Fact(status="declared", value=value, source=source, unit=unit)


def derived(value: Scalar, source: str) -> Fact:
    return Fact(status="derived", value=value, source=source)


def typed(value: Scalar, unit: str = "") -> Fact:
    return Fact(status="typed", value=value, source="typed by the person", unit=unit)


def missing(reason: str) -> Fact:
    return Fact(status="missing", reason=reason)
