"""includes: every target text occurs in the answer."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from weighbridge.domain.verdict.graders.answer import LETTERS, fold
from weighbridge.domain.verdict.graders.base import BaseGrader, Mark
from weighbridge.domain.verdict.graders.negation import denied, is_denial

_LETTER = re.compile(f"[{LETTERS}]")


def occurs(target: str, text: str, *, whole: bool) -> bool:
    """Whether a folded target occurs in a folded text at the beginning of a word, and is not denied there.

    `whole`: it has to end with its word too. A number is always whole: 14 does not occur in 3.14 or 14,000.
    """
    target, line = target.replace("\n", " "), text.replace("\n", " ")
    start = line.find(target)
    while start >= 0:
        if counts(target, text, start, whole=whole):
            return True
        start = line.find(target, start + 1)
    return False


def counts(target: str, text: str, start: int, *, whole: bool) -> bool:
    """Whether a folded target that stands at `start` begins (and, `whole`, ends) with a word, and is not denied."""
    end = start + len(target)
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if _LETTER.match(target) and _LETTER.match(before[-1:]):
        return False
    if target[0].isdigit() and before[:1].isdigit() and before[1:] in (".", ","):
        return False
    if whole and _LETTER.match(target[-1]) and _LETTER.match(after):
        return False
    if target[-1].isdigit() and (after[:1].isdigit() or (after[:1] in (".", ",") and after[1:].isdigit())):
        return False
    return is_denial(target) or not denied(text, start, end)


class Includes(BaseGrader):
    """Passes where every target text occurs in the answer, and no `absent` one does.

    A target counts at the beginning of a word ("licensed" is not in "unlicensed", and is in "licensed," or
    "licensedness"), and not where it is denied (`negation`). `plain`: any place counts, as in Inspect's `includes`.
    Spaces, line ends, bold and code marks, kinds of quotes and dashes, and the width of letters do not matter.
    """

    kind: Literal["includes"]
    target: str | tuple[str, ...] = ()
    absent: tuple[str, ...] = Field(default=(), description="texts that may occur nowhere in the answer")
    ignore_case: bool = True
    plain: bool = Field(default=False, description="inside a word and after a negation counts too")

    @field_validator("target", "absent")
    @classmethod
    def _not_empty(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        texts = (value,) if isinstance(value, str) else value
        if any(not fold(text) for text in texts):
            raise ValueError("an empty text occurs in every answer: write what the answer must hold")
        return value

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.targets and not self.absent:
            raise ValueError("includes needs a target: write what the answer must hold")
        return self

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,) if isinstance(self.target, str) else self.target

    def mark(self, answer: str) -> Mark:
        text = fold(answer, self.ignore_case)
        missing = [t for t in self.targets if not self._has(text, t)]
        if missing:
            folded = [fold(t, self.ignore_case) for t in missing]
            only = all(t in text for t in folded)
            said = "names, but not as the answer," if only else "does not contain"
            return Mark(passed=False, reason=f"{said} {', '.join(map(repr, missing))}")
        wrong = [t for t in self.absent if fold(t, self.ignore_case) in text]
        if wrong:
            return Mark(passed=False, reason=f"contains {', '.join(map(repr, wrong))}, which must be absent")
        kept = f"contains {', '.join(map(repr, self.targets))}" if self.targets else "holds none of the absent texts"
        return Mark(passed=True, reason=kept)

    def _has(self, text: str, target: str) -> bool:
        folded = fold(target, self.ignore_case)
        return folded in text if self.plain else occurs(folded, text, whole=False)
