"""What a decision can rest on: the evidence of a run in a few names, which the rules in data/decision.toml ask for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, get_args

from weighbridge.domain.base import Record
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult, GateResult

Evidence = Literal[
    "eval",
    "gate-held",
    "gate-failed",
    "engine-failed",
    "answers-failed",
    "failed-baseline",
    "tried",
    "tried-prompt",
    "tried-rag",
    "tried-on-word",
    "tried-held",
    "tried-earlier",
    "lacks-knowledge",
    "text-at-hand",
    "private-documents",
    "needs-fine-tuning",
    "alternative",
]
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
WORDS = (
    "score",
    "reasons",
    "failure",
    "baseline",
    "other",
    "tried",
    "held",
    "lacking",
    "failing",
    "alternative",
    "alternative_reason",
)
"""The gaps that a sentence of the rules may have."""
_NAMED = 4
"""Cases named in a sentence."""


class Grounds(Record):
    """The evidence that a decision rests on. Empty: there is none of it.

    `gate`: of an eval with the present model, settings, cases and policy. `failure`: why the proof failed. `baseline`:
    words on a FAILED eval of the same cases (by digest) with the same model; `other`: why that of a server may not
    count as one, to be said behind it. `tried`: what was recorded against those cases; `with_result`, `held`: those of
    them that the cases have run with, and that the gate did not fail with; `tried_earlier`: something was tried,
    against other cases alone. `failing`, `lacking`, `with_text`, `engine_failures`: ids of failed cases, of those that
    lack knowledge, of those whose text was in the prompt, and of those that the engine gave no whole answer to.
    `alternative`: the first rejected family that fits too, with the reason it was rejected for.
    """

    gate: GateResult | None = None
    failure: str = ""
    baseline: str = ""
    other: str = ""
    tried: tuple[Literal["prompt", "rag"], ...] = ()
    with_result: tuple[Literal["prompt", "rag"], ...] = ()
    held: tuple[Literal["prompt", "rag"], ...] = ()
    tried_earlier: bool = False
    failing: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    with_text: tuple[str, ...] = ()
    engine_failures: tuple[str, ...] = ()
    private_documents: bool = False
    needs_fine_tuning: bool = False
    alternative: str = ""
    alternative_reason: str = ""

    @property
    def evidence(self) -> frozenset[Evidence]:
        """The names of what is there."""
        held = self.gate is not None and self.gate.gate != "FAILED"
        there: dict[Evidence, bool] = {
            "eval": self.gate is not None,
            "gate-held": held,
            "gate-failed": self.gate is not None and not held,
            "engine-failed": bool(self.failure),
            "answers-failed": len(self.failing) > len(self.engine_failures),
            "failed-baseline": bool(self.baseline),
            "tried": bool(self.tried),
            "tried-prompt": "prompt" in self.tried,
            "tried-rag": "rag" in self.tried,
            "tried-on-word": bool(self.tried) and not self.with_result,
            "tried-held": bool(self.held),
            "tried-earlier": self.tried_earlier,
            "lacks-knowledge": bool(self.lacking),
            "text-at-hand": bool(self.failing) and len(self.with_text) == len(self.failing),
            "private-documents": self.private_documents,
            "needs-fine-tuning": self.needs_fine_tuning,
            "alternative": bool(self.alternative),
        }
        return frozenset(name for name, is_there in there.items() if is_there)

    @property
    def words(self) -> dict[str, str]:
        """What stands in the gaps of a sentence."""
        gate = self.gate
        return {
            "score": f"{gate.passed} of {gate.total} cases passed ({gate.gate})" if gate else "no case has a result",
            "reasons": "; ".join(gate.reasons) if gate else "",
            "failure": self.failure.rstrip("."),
            "baseline": self.baseline,
            "other": self.other,
            "tried": _named(self.tried),
            "held": _named(self.held),
            "lacking": _some(self.lacking),
            "failing": _some(self.failing),
            "alternative": self.alternative,
            "alternative_reason": self.alternative_reason.rstrip("."),
        }


def _named(tried: Sequence[Literal["prompt", "rag"]]) -> str:
    return " and ".join({"prompt": "another prompt", "rag": "RAG"}[what] for what in tried)


def _some(cases: Sequence[str]) -> str:
    more = len(cases) - _NAMED
    return ", ".join(cases[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def lacking_knowledge(cases: Sequence[Case], results: Sequence[CaseResult], tags: Collection[str]) -> tuple[str, ...]:
    """Failed cases that a text with the answer could have helped, by id, in the order of the cases.

    A case that was given a text, or that the engine did not answer, is none of them. Of the others a case is one where
    a tag says that it asks for knowledge (`tags`); or where no tag says what it asks, and the cases that were given a
    text pass in a larger share than those that were not.
    """
    passed = {result.case: result.counts for result in results}
    unanswered = {result.case for result in results if result.failure}
    with_text = [passed[case.id] for case in cases if case.id in passed and case.context.strip()]
    without = [passed[case.id] for case in cases if case.id in passed and not case.context.strip()]
    text_helps = bool(with_text and without) and sum(with_text) * len(without) > sum(without) * len(with_text)
    return tuple(
        case.id
        for case in cases
        if passed.get(case.id) is False
        and case.id not in unanswered
        and not case.context.strip()
        and (any(tag in tags for tag in case.tags) or (not case.tags and text_helps))
    )
