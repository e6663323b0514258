"""includes: every target text occurs in the answer."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from weighbridge.domain.verdict.graders.answer import LETTERS, fold
from weighbridge.domain.verdict.graders.asked import asked
from weighbridge.domain.verdict.graders.base import BaseGrader, Mark, quoted
from weighbridge.domain.verdict.graders.negation import denied, is_denial

_LETTER = re.compile(f"[{LETTERS}]")
_ENDING = re.compile(f"(?:'?s|es)?(?![{LETTERS}])", re.IGNORECASE)


def occurs(target: str, text: str, *, whole: bool) -> bool:
    """Whether a folded target occurs in a folded text as whole words, and is neither denied nor asked there.

    Unless `whole`, the plural s and the possessive 's may follow it. A number is always whole: 14 does not
    occur in 3.14 or 14,000.
    """
    target, line = target.replace("\n", " "), text.replace("\n", " ")
    start = line.find(target)
    while start >= 0:
        if counts(target, text, start, whole=whole):
            return True
        start = line.find(target, start + 1)
    return False


def counts(target: str, text: str, start: int, *, whole: bool) -> bool:
    """Whether a folded target that stands at `start` begins and ends with a word, and is neither denied nor asked."""
    end = start + len(target)
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if _LETTER.match(target) and _LETTER.match(before[-1:]):
        return False
    if target[0].isdigit() and before[:1].isdigit() and before[1:] in (".", ","):
        return False
    if _LETTER.match(target[-1]) and not (target[-1].isdigit() and not whole):
        ends = not _LETTER.match(after) if whole else _ENDING.match(text, end)
        if not ends:
            return False
    if target[-1].isdigit() and (after[:1].isdigit() or (after[:1] in (".", ",") and after[1:].isdigit())):
        return False
    return not asked(text, start, end) and (is_denial(target) or not denied(text, start, end))


class Includes(BaseGrader):
    """Passes where every target text occurs in the answer, and no `absent` one does.

    A target counts as whole words: "licensed" is in "licensed,", and neither in "unlicensed" nor in "licensedness",
    and "Paris" not in "Parisian". One that ends in a letter may have a plural s (es) or a possessive 's behind it, one
    that ends in a digit a unit (16GB). It does not count where it is denied (`negation`) or asked (`asked`).
    `plain`: any place counts, as in Inspect's `includes`: for the stem of a word.
    Spaces, line ends, bold and code marks, kinds of quotes and dashes, and the width of letters do not matter.
    """

    kind: Literal["includes"]
    target: str | tuple[str, ...] = ()
    absent: tuple[str, ...] = Field(default=(), description="texts that may occur nowhere in the answer")
    ignore_case: bool = True
    plain: bool = Field(default=False, description="inside a word, denied or asked counts too")

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
            named = ", ".join(map(quoted, missing))
            where = " only inside a longer word or number, denied, or asked"
            return Mark(passed=False, reason=f"contains {named}{where}" if only else f"does not contain {named}")
        wrong = [t for t in self.absent if fold(t, self.ignore_case) in text]
        if wrong:
            return Mark(passed=False, reason=f"contains {', '.join(map(quoted, wrong))}, which must be absent")
        kept = f"contains {', '.join(map(quoted, self.targets))}" if self.targets else "holds none of the absent texts"
        return Mark(passed=True, reason=kept)

    def _has(self, text: str, target: str) -> bool:
        folded = fold(target, self.ignore_case)
        return folded in text if self.plain else occurs(folded, text, whole=False)
