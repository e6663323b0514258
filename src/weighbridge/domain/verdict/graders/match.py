"""match: the answer, or its beginning or end, is the target text or the target number."""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from weighbridge.domain.toml_lines import misplaced
from weighbridge.domain.verdict.graders.answer import bare, fold, unwrapped
from weighbridge.domain.verdict.graders.asked import asked
from weighbridge.domain.verdict.graders.base import BaseGrader, Mark, plain_number, quoted
from weighbridge.domain.verdict.graders.includes import counts, occurs
from weighbridge.domain.verdict.graders.negation import denied
from weighbridge.domain.verdict.graders.numbers import Number, numbers, parse, partners, readable

Location = Literal["exact", "begin", "end", "any"]

_WHERE: dict[Location, tuple[str, str]] = {
    "exact": ("is", "is not"),
    "begin": ("begins with", "does not begin with"),
    "end": ("ends with", "does not end with"),
    "any": ("names", "does not name"),
}
_WHICH: dict[Location, str] = {"exact": "only", "begin": "first", "end": "last", "any": "only"}
_UNIT = re.compile(r" ?(?:[%°]|°?[^\W\d_]{1,15})?(?:(?: ?/ ?| (?:per|an?) )[^\W\d_]{1,15})?")


class Match(BaseGrader):
    """Passes where the target stands at `location`, whole words only: text by text, or number by value.

    Text: what `bare` reads past around an answer does not matter (quotes, code fences, full stops, "Answer:"), and
    a denied or asked target does not count (`negation`, `asked`) but for `exact`. `begin` takes "No. You may not" for
    "no", and not "Nothing".
    Numbers (`numeric`): `begin` looks at the first number, `end` at the last, `any` at all; `exact` wants one number
    with nothing but a unit. A number passes within the larger of `tolerance` and `relative` x |target|. An end of a
    range ("between 900 and 1000", "6 or 7") passes only where the other end would pass too.
    """

    kind: Literal["match"]
    target: str | float
    location: Location = "end"
    ignore_case: bool = True
    numeric: bool = False
    tolerance: float = Field(default=0.0, ge=0.0, allow_inf_nan=False)
    relative: float = Field(default=0.0, ge=0.0, le=1.0, description="a share of the target: 0.05 is 5 %")

    @field_validator("target", mode="before")
    @classmethod
    def _no_truth(cls, value: object) -> object:
        if isinstance(value, bool):
            raise ValueError('a target is text in quotes or a number: for a yes or no write "yes" or "no"')
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if isinstance(self.target, float) and not self.numeric:
            raise misplaced("a number as target needs numeric = true (or quotes around it)", "target")
        if not self.numeric and (self.tolerance or self.relative):
            raise misplaced("a tolerance needs numeric = true", "tolerance" if self.tolerance else "relative")
        if self.numeric and (self.value is None or not abs(self.value) < float("inf")):
            raise misplaced(f"the target {str(self.target)[:60]!r} is not one number", "target")
        if not self.numeric and not fold(str(self.target)):
            raise misplaced("the target is empty: write the expected answer", "target")
        return self

    @property
    def value(self) -> float | None:
        """The target as a number; None where it is text that is none."""
        return self.target if isinstance(self.target, float) else parse(self.target)

    def mark(self, answer: str) -> Mark:
        return self._number(answer) if self.numeric else self._text(answer)

    def _text(self, answer: str) -> Mark:
        target = bare(str(self.target), self.ignore_case) or fold(str(self.target), self.ignore_case)
        passed = self._stands(target, fold(answer, self.ignore_case), bare(answer, self.ignore_case))
        return Mark(passed=passed, reason=f"{_WHERE[self.location][not passed]} {quoted(str(self.target), 200)}")

    def _stands(self, target: str, text: str, stripped: str) -> bool:
        match self.location:
            case "exact":
                return target in (stripped, text)
            case "begin":
                return stripped.startswith(target) and counts(target, stripped, 0, whole=True)
            case "end":
                return stripped.endswith(target) and counts(target, stripped, len(stripped) - len(target), whole=True)
            case "any":
                return occurs(target, text, whole=True)

    def _number(self, answer: str) -> Mark:
        target = self.value or 0.0
        slack = max(self.tolerance, self.relative * abs(target))
        wanted = plain_number(target) + (f" ± {plain_number(slack)}" if slack else "")
        text = readable(unwrapped(answer))
        read = list(numbers(text))
        if not read:
            return Mark(passed=False, reason=f"holds no number; {wanted} was expected")
        if self.location == "exact" and (len(read) > 1 or not _alone(text, read[0])):
            return Mark(passed=False, reason=f"is not one number alone; {wanted} was expected")
        tried = {"any": read, "end": read[-1:]}.get(self.location, read[:1])
        near = [n for n in tried if self._near(n.value, slack)]
        if not near:
            one = f"the {_WHICH[self.location]} number is {plain_number(tried[0].value)}"
            return Mark(
                passed=False, reason=f"{one if len(tried) == 1 else 'no number is near'}; {wanted} was expected"
            )
        shown, others = plain_number(near[0].value), partners(text, read)
        near = [n for n in near if self._near(others.get(n.start, n.value), slack)]
        if not near:
            return Mark(passed=False, reason=f"{shown} is an end of a range; {wanted} was expected")
        if all(denied(text, n.start, n.end) or asked(text, n.start, n.end) for n in near):
            return Mark(passed=False, reason=f"holds {shown} only where it is denied or asked")
        return Mark(passed=True, reason=f"holds the number {shown}, as expected ({wanted})")

    def _near(self, value: float, slack: float) -> bool:
        target = self.value or 0.0
        return abs(value - target) <= slack * (1 + 1e-9) + 1e-12 * abs(target)


def _alone(text: str, number: Number) -> bool:
    """Whether nothing stands beside a number but a label, a unit, quotes and full stops."""
    behind = bare(text[number.end :], False).strip("$\\ ")
    return not bare(text[: number.start], False) and bool(_UNIT.fullmatch(behind))
