"""Marks for answers. Strict about the answer, tolerant about prose, markup and widths of letters around it.

Names follow Inspect's scorers (includes, match, pattern). No model grades another one. One file a family.
"""

from __future__ import annotations

from weighbridge.domain.verdict.graders.answer import MAX_ANSWER, cleaned
from weighbridge.domain.verdict.graders.base import BaseGrader, Mark
from weighbridge.domain.verdict.graders.combined import AllOf, AnyOf, Grader
from weighbridge.domain.verdict.graders.includes import Includes
from weighbridge.domain.verdict.graders.json_keys import Json, JsonType
from weighbridge.domain.verdict.graders.json_schema import JsonSchema
from weighbridge.domain.verdict.graders.match import Match
from weighbridge.domain.verdict.graders.migrate import migrated_grader
from weighbridge.domain.verdict.graders.pattern import Pattern
from weighbridge.domain.verdict.graders.refusal import Refusal

__all__ = [
    "MAX_ANSWER",
    "AllOf",
    "AnyOf",
    "BaseGrader",
    "Grader",
    "Includes",
    "Json",
    "JsonSchema",
    "JsonType",
    "Mark",
    "Match",
    "Pattern",
    "Refusal",
    "cleaned",
    "grade",
    "migrated_grader",
]


def grade(grader: Grader, output: str) -> Mark:
    """The mark of one output, made of its cleaned text. Never raises for any text; may run long where it says so."""
    answer = cleaned(output)[:MAX_ANSWER]
    if not answer:
        reason = "the answer is empty: it ended while thinking" if output.strip() else "the answer is empty"
        return Mark(passed=False, reason=reason)
    return grader.mark(answer)
