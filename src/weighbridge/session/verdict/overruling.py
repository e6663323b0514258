"""A person's own mark beside the grader's, and the gate that follows from it."""

from __future__ import annotations

from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.decision import CaseResult, Overrule, judge

MAX_REASON = 2_000


def overrule(run: Run, intent: want.OverruleMark, now: str) -> Run:
    """Sets the person's mark of a case with its reason, or takes it back where the reason is empty.

    The gate is judged anew where there is one. BadInput where there is no answer to speak of.
    """
    record = run.evaluation
    result = _result(record, intent.case)
    assert record is not None
    reason = clean_line(intent.reason, MAX_REASON)
    changed = _marked(result, intent.passed, reason, now) if reason else _taken_back(result)
    results = tuple(changed if r.case == result.case else r for r in record.results)
    gate = judge(results, record.policy, record.noise) if record.gate is not None else None
    return run.model_copy(update={"evaluation": record.model_copy(update={"results": results, "gate": gate})})


def _result(record: EvalRecord | None, case: str) -> CaseResult:
    """The result of the case on record."""
    if record is not None and record.outcome == "running":
        raise BadInput("The eval is running.", "Overrule a mark once it has ended, or stop it first.")
    found = next((r for r in record.results if r.case == case), None) if record is not None else None
    if found is None:
        raise BadInput(f"{clean_line(case, 64) or 'The case'} has no result to overrule.", "Run the eval first.")
    return found


def _marked(result: CaseResult, passed: bool, reason: str, now: str) -> CaseResult:
    if passed == result.passed:
        word = "passes" if passed else "fails"
        raise BadInput(f"{result.case} {word} by its grader already.", "Nothing is changed.")
    if passed and result.failure and not result.output.strip():
        raise BadInput(f"{result.case} has no answer that could pass: {result.failure}", "Run the eval again.")
    return result.model_copy(update={"overruled": Overrule(passed=passed, reason=reason, at=now)})


def _taken_back(result: CaseResult) -> CaseResult:
    if result.overruled is None:
        raise BadInput(f"The reason is empty, and the mark of {result.case} is its grader's.", "Say why it is wrong.")
    return result.model_copy(update={"overruled": None})
