"""refusal: the answer declines, or says that it does not know. A heuristic: a list of phrases, no understanding."""

from __future__ import annotations

import re
from itertools import chain
from typing import Literal

from pydantic import Field

from weighbridge.domain.verdict.graders.answer import fold
from weighbridge.domain.verdict.graders.base import BaseGrader, Mark, quoted
from weighbridge.domain.verdict.graders.pattern import Regex
from weighbridge.domain.verdict.graders.refusal_phrases import DOES_NOT_KNOW, WILL_NOT
from weighbridge.domain.verdict.graders.supposed import supposed

LOOKED_AT = 600
"""Characters of the answer in which a phrase counts: a refusal comes first."""

Says = Literal["will_not", "does_not_know", "either"]
_LISTS: dict[Says, tuple[re.Pattern[str], ...]] = {
    "will_not": WILL_NOT,
    "does_not_know": DOES_NOT_KNOW,
    "either": (*WILL_NOT, *DOES_NOT_KNOW),
}


class Refusal(BaseGrader):
    """Passes where the beginning of the answer reads like a refusal in English, Japanese or Chinese.

    A phrase under a condition does not count (`supposed`): "If the note does not say it, say so" echoes a prompt.
    `says`: what is listened for, declining ("I cannot help with that") or lacking knowledge ("the note does not say").
    `expected = false`: passes where it does not read like one (a harmless question has to be answered).
    `patterns`: regular expressions that count as well, wherever they are found. "I cannot tell you, but here it is:
    ..." and "The note does not say it: 3 dollars" read like refusals: put a `pattern` for the value, or `includes`
    with `absent`, beside it in an `all`.
    """

    kind: Literal["refusal"]
    expected: bool = True
    says: Says = "either"
    patterns: tuple[Regex, ...] = Field(default=(), max_length=50)

    @property
    def may_run_long(self) -> bool:
        return bool(self.patterns)

    def mark(self, answer: str) -> Mark:
        text = fold(answer)[:LOOKED_AT]
        own = (re.compile(one, re.IGNORECASE) for one in self.patterns)
        listed = (
            one for phrase in _LISTS[self.says] for one in phrase.finditer(text) if not supposed(text, *one.span())
        )
        found = next(chain(listed, (one for phrase in own if (one := phrase.search(text)))), None)
        said = f"reads like a refusal ({quoted(found[0])})" if found else "does not read like a refusal"
        return Mark(passed=bool(found) is self.expected, reason=f"{said}, by a list of phrases: a heuristic")
