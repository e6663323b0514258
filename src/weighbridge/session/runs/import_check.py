"""The eval of a run that comes from elsewhere: its answers are graded again before its gate stands in any list."""

from __future__ import annotations

from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.verdict.decision import CaseResult, judge
from weighbridge.services.cases.marking import mark


def graded_again(run: Run) -> tuple[Run, str]:
    """The run, and what does not hold of its eval; then it is left out, with the decision that rested on it.

    The answers are taken as they are: nothing in the file proves that a model gave them.
    """
    record = run.evaluation
    if record is None:
        return run, ""
    if record.replaces is not None and doubt(record.replaces):
        record = record.model_copy(update={"replaces": None})
    said = doubt(record)
    if not said:
        return run.model_copy(update={"evaluation": record}), ""
    confirmed = {step: seen for step, seen in run.confirmed.items() if step not in ("eval", "decision")}
    return run.model_copy(update={"evaluation": None, "verdict": None, "confirmed": confirmed}), said


def doubt(record: EvalRecord) -> str:
    """What the graders and the policy say otherwise than the record does; empty where they agree."""
    cases = {case.id: case for case in record.pack.active}
    marks = mark(cases, {result.case: result.output for result in record.results})
    for result in record.results:
        case = cases.get(result.case)
        if case is None or case.must_pass != result.must_pass:
            return f"{result.case} is not a case of its pack"
        if _otherwise(result, marks[result.case].passed):
            is_marked, says = ("passed", "failed") if result.passed else ("failed", "passed")
            return f"{result.case} is marked {is_marked}, and its grader says {says}"
    return _gate_doubt(record)


def _otherwise(result: CaseResult, passed: bool) -> bool:
    """Whether the mark is not that of the answer. Of several answers only the first is kept, and all have to pass."""
    if result.failure or result.repeats > 1:
        return result.passed and (bool(result.failure) or not passed)
    return result.passed != passed


def _gate_doubt(record: EvalRecord) -> str:
    told = record.gate
    if told is None:
        return ""
    names = {result.case for result in record.results}
    if not len(names) == len(record.results) == len(record.pack.active) == record.policy.cases:
        return f"its gate is {told.gate}, and not every case has a result"
    gate = judge(record.results, record.policy, record.noise)
    if (gate.gate, gate.passed, gate.total) == (told.gate, told.passed, told.total):
        return ""
    return f"its gate is {told.gate} with {told.passed} passed, and by its policy {gate.gate} with {gate.passed}"
