"""The eval again from its parts: cases, answers, marks, k of n, interval, gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from weighbridge.domain.base import digest
from weighbridge.domain.proof.events import Attempt, Event, Graded, RequestStarted, Stopped
from weighbridge.domain.proof.measure import RequestFigures, request_figures
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.summary import last
from weighbridge.domain.verdict.cases import case_row
from weighbridge.domain.verdict.decision import CaseResult, judge
from weighbridge.services.marking import mark
from weighbridge.services.packet_io.contents import Contents

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
    marks = mark(cases, {result.case: result.output for result in c.results})
    for result in c.results:
        if result.case not in cases:
            continue
        again = marks[result.case]
        if again.passed != result.passed:
            said, right = ("passed" if ok else "failed" for ok in (result.passed, again.passed))
            yield f"{RESULTS}: {result.case!r} is marked {said}; its stored answer {right} ({again.reason})"
        if result.must_pass != cases[result.case].must_pass:
            yield f"{RESULTS}: {result.case!r}: must_pass is not that of {CASES}"


def check_gate(c: Contents) -> Iterator[str]:
    """k, n, interval and gate, computed from the results under the policy."""
    note = c.decision.evaluation if c.decision else None
    if note is None:
        if c.results:
            yield f"{DECISION}: there are results in {RESULTS}, and no evaluation"
        return
    if note.gate is None:
        if c.policy and c.results and len(c.results) == c.policy.policy.cases:
            yield f"{DECISION}: every case has its result, and no gate was judged"
        return
    if c.policy is None:
        yield f"{DECISION}: there is a gate, and no policy"
        return
    try:
        right = judge(c.results, c.policy.policy)
    except ValueError as error:
        yield f"{RESULTS}: {error}"
        return
    for field in ("passed", "total", "gate", "interval"):
        said, computed = getattr(note.gate, field), getattr(right, field)
        if said != computed:
            yield f"{DECISION}: evaluation.gate.{field} is {_short(said)}, the results give {_short(computed)}"


def _short(value: object) -> str:
    low, high = getattr(value, "low", None), getattr(value, "high", None)
    return str(value) if low is None else f"{low}–{high}"


def check_answers(c: Contents) -> Iterator[str]:
    """Each result is what the events of the eval's jobs say: prompt, answer, mark and figures."""
    note = c.decision.evaluation if c.decision else None
    if note is None:
        return
    for job_id in note.job_ids:
        if job_id not in c.jobs:
            yield f"{EVENTS}: the job {job_id}, which {DECISION} names, is not in it"
    ran = c.jobs.get(note.job_ids[-1], ()) if note.job_ids else ()
    if note.shutdown and note.shutdown != shutdown_text(last(ran, Stopped)):
        yield f"{DECISION}: evaluation.shutdown is not what {EVENTS} says"
    prompts = {case.id: case.full_prompt for case in c.cases}
    answered = _answered([c.jobs[job_id] for job_id in note.job_ids if job_id in c.jobs])
    for result in c.results:
        if result.case not in answered:
            yield f"{RESULTS}: {result.case!r}: no event of the eval's jobs grades it"
            continue
        figures, graded = answered[result.case]
        if figures.prompt != prompts.get(result.case):
            yield f"{EVENTS}: the prompt of {result.case!r} is not that of {CASES}"
        for field, said, right in _pairs(result, figures, graded):
            if said != right:
                yield f"{RESULTS}: {result.case!r}: {field} is not what {EVENTS} says"


def _pairs(result: CaseResult, figures: RequestFigures, graded: Graded) -> Iterator[tuple[str, object, object]]:
    yield "passed", result.passed, graded.passed
    yield "reason", result.reason, graded.reason
    for field in (
        "output",
        "stop_reason",
        "ttft_s",
        "decode_tokens_per_s",
        "prompt_tokens",
        "output_tokens",
        "peak_rss_bytes",
    ):
        yield field, getattr(result, field), getattr(figures, field)


def _answered(jobs: list[tuple[Event, ...]]) -> dict[str, tuple[RequestFigures, Graded]]:
    """The last graded answer of each case."""
    found: dict[str, tuple[RequestFigures, Graded]] = {}
    for job in jobs:
        figures = {f.request: f for f in request_figures(job)}
        started = {e.request for e in job if isinstance(e, RequestStarted)}
        for event in job:
            if isinstance(event, Graded) and event.request in started and event.request in figures:
                found[event.case] = (figures[event.request], event)
    return found
