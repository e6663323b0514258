"""The eval again from its parts: cases, answers, marks, k of n, interval, gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from weighbridge.domain.base import digest
from weighbridge.domain.proof.events import Attempt
from weighbridge.domain.verdict.cases import case_row
from weighbridge.domain.verdict.decision import judge
from weighbridge.domain.verdict.doubts import told
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.marks import marks

CASES, RESULTS, POLICY = "data/eval/cases.jsonl", "data/eval/results.jsonl", "data/policy.json"
EVENTS, DECISION = "data/events.jsonl", "data/decision.json"


def check_cases(c: Contents) -> Iterator[str]:
    """The cases are those of the policy, and the policy was fixed before they ran."""
    if c.policy is None:
        if c.cases or c.results:
            yield f"{POLICY} is missing or cannot be read, and there are cases"
        return
    policy, cases = c.policy.policy, c.cases
    if digest([case_row(case) for case in cases]) != policy.cases_digest:
        yield f"{CASES}: the digest of its cases is not the cases_digest of {POLICY}"
    if len(cases) != policy.cases:
        yield f"{CASES} has {len(cases)} cases, {POLICY} says {policy.cases}"
    if tuple(case.id for case in cases if case.must_pass) != policy.must_pass:
        yield f"{POLICY}: must_pass does not name the must-pass cases of {CASES}"
    if any(count > 1 for count in Counter(case.id for case in cases).values()):
        yield f"{CASES}: two cases have the same id"
    note = c.decision.evaluation if c.decision else None
    if c.policy.fixed_at != (note.fixed_at if note else None):
        yield f"{POLICY}: fixed_at is not that of the eval in {DECISION}"
    for job_id in note.job_ids if note else ():
        began = next((e.at for e in c.jobs.get(job_id, ()) if isinstance(e, Attempt)), None)
        if note and began and began < note.fixed_at:
            yield f"{EVENTS}: {job_id} began at {began}, before the policy was fixed at {note.fixed_at}"


def check_results(c: Contents) -> Iterator[str]:
    """One result for each case, with the mark that its stored answer gets."""
    cases = {case.id: case for case in c.cases}
    counts = Counter(result.case for result in c.results)
    for case, count in counts.items():
        if case not in cases:
            yield f"{RESULTS}: the case {case!r} is not in {CASES}"
        if count > 1:
            yield f"{RESULTS}: the case {case!r} has {count} results"
    note = c.decision.evaluation if c.decision else None
    if note and note.gate:
        for case in cases.keys() - counts.keys():
            yield f"{RESULTS}: the case {case!r} has no result, and the gate was judged"
    right = marks(c)
    for result in c.results:
        if result.case not in cases:
            continue
        again = right[result.case, result.output]
        if result.failure:
            if result.passed:
                yield f"{RESULTS}: {result.case!r} is marked passed, and had no whole answer: {result.failure}"
            continue
        # With repeats this is the first answer's mark: the case may have failed by a later one.
        if again.passed != result.passed and (result.repeats == 1 or result.passed):
            said, is_so = ("passed" if ok else "failed" for ok in (result.passed, again.passed))
            yield f"{RESULTS}: {result.case!r} is marked {said}; its stored answer {is_so} ({again.reason})"
        if result.must_pass != cases[result.case].must_pass:
            yield f"{RESULTS}: {result.case!r}: must_pass is not that of {CASES}"


def check_gate(c: Contents) -> Iterator[str]:
    """k, n, interval and gate, computed from the results under the policy."""
    note = c.decision.evaluation if c.decision else None
    if note is None:
        if c.results:
            yield f"{DECISION}: there are results in {RESULTS}, and no evaluation"
        return
    if note.doubts != told(c.results):
        yield f"{DECISION}: evaluation.doubts are not those of {RESULTS}"
    if note.gate is None:
        if c.policy and c.results and len(c.results) == c.policy.policy.cases:
            yield f"{DECISION}: every case has its result, and no gate was judged"
        return
    if c.policy is None:
        yield f"{DECISION}: there is a gate, and no policy"
        return
    try:
        right = judge(c.results, c.policy.policy, note.noise)
    except ValueError as error:
        yield f"{RESULTS}: {error}"
        return
    for field in ("passed", "total", "gate", "interval", "reasons"):
        said, computed = getattr(note.gate, field), getattr(right, field)
        if said != computed:
            yield f"{DECISION}: evaluation.gate.{field} is {_short(said)}, the results give {_short(computed)}"


def _short(value: object) -> str:
    low, high = getattr(value, "low", None), getattr(value, "high", None)
    return str(value) if low is None else f"{low}–{high}"
