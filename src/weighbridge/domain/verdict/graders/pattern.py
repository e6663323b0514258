"""pattern: a regular expression is found in the answer."""

from __future__ import annotations

import re
import warnings
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from weighbridge.domain.verdict.graders.answer import normal
from weighbridge.domain.verdict.graders.base import BaseGrader, Mark, quoted


def compiles(value: str) -> str:
    """The same text, if it is a regular expression that every Python reads alike; ValueError says why it is not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(value)
    except (re.error, Warning) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    except (RecursionError, OverflowError, MemoryError):
        raise ValueError("not a regular expression that can be searched: it is too large") from None
    return value


Regex = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(compiles)]


class Pattern(BaseGrader):
    """Passes where the regular expression is found. Widths of letters, kinds of quotes and dashes do not matter."""

    kind: Literal["pattern"]
    target: Regex
    ignore_case: bool = True

    @property
    def may_run_long(self) -> bool:
        return True

    def mark(self, answer: str) -> Mark:
        found = re.search(self.target, normal(answer), re.IGNORECASE if self.ignore_case else 0)
        if found:
            return Mark(passed=True, reason=f"matches the pattern at {quoted(found[0])}")
        return Mark(passed=False, reason=f"does not match the pattern {quoted(self.target, 200)}")
