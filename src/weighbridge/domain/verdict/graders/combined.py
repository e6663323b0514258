"""All graders as one union, with the two that hold others: all of them, or any of them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from weighbridge.domain.verdict.graders.base import BaseGrader, Mark
from weighbridge.domain.verdict.graders.includes import Includes
from weighbridge.domain.verdict.graders.json_keys import Json
from weighbridge.domain.verdict.graders.json_schema import JsonSchema
from weighbridge.domain.verdict.graders.match import Match
from weighbridge.domain.verdict.graders.pattern import Pattern
from weighbridge.domain.verdict.graders.refusal import Refusal

MAX_DEPTH = 3
MAX_PARTS = 20


class _Several(BaseGrader):
    of: tuple[Grader, ...] = Field(min_length=1, max_length=MAX_PARTS)

    @model_validator(mode="after")
    def _not_too_deep(self) -> Self:
        if _depth(self) > MAX_DEPTH:
            raise ValueError(f"graders are nested more than {MAX_DEPTH} deep: take a level out")
        return self

    @property
    def may_run_long(self) -> bool:
        return any(one.may_run_long for one in self.of)


class AllOf(_Several):
    """Passes where every grader in `of` passes."""

    kind: Literal["all"]

    def mark(self, answer: str) -> Mark:
        marks = [one.mark(answer) for one in self.of]
        failed = [one for one in marks if not one.passed]
        return Mark(passed=not failed, reason="; ".join(one.reason for one in failed or marks))


class AnyOf(_Several):
    """Passes where one grader in `of` passes or more."""

    kind: Literal["any"]

    def mark(self, answer: str) -> Mark:
        marks = [one.mark(answer) for one in self.of]
        passed = [one for one in marks if one.passed]
        return passed[0] if passed else Mark(passed=False, reason="; ".join(one.reason for one in marks))


def _depth(grader: BaseGrader) -> int:
    return 1 + max(map(_depth, grader.of)) if isinstance(grader, _Several) else 0


Grader = Annotated[
    Includes | Match | Pattern | Json | JsonSchema | Refusal | AllOf | AnyOf,
    Field(discriminator="kind"),
]
AllOf.model_rebuild()
AnyOf.model_rebuild()
