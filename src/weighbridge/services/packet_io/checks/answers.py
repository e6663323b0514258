"""Every result of the eval again from the events: prompts, answers, marks, figures, repeats, noise, shutdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.proof.events import Event, RequestStarted, Stopped
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.summary import last
from weighbridge.domain.verdict.cases import Case, Policy
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.from_events import fold_eval
from weighbridge.services.packet_io.marks import eval_jobs, graded, marks
from weighbridge.services.packet_io.records.files import EvalNote

CASES, RESULTS = "data/eval/cases.jsonl", "data/eval/results.jsonl"
DERIVED = tuple(name for name in CaseResult.model_fields if name not in ("must_pass", "overruled"))
"""Fields of a result that the events give."""
EVENTS, DECISION = "data/events.jsonl", "data/decision.json"


def check_answers(c: Contents) -> Iterator[str]:
    """Each result is what the events of the eval's jobs say, and each mark is what its answer gets."""
    note = c.decision.evaluation if c.decision else None
    if note is None:
        return
    for job_id in note.job_ids:
        if job_id not in c.jobs:
            yield f"{EVENTS}: the job {job_id}, which {DECISION} names, is not in it"
    ran = eval_jobs(c)
    newest = c.jobs.get(note.job_ids[-1], ()) if note.job_ids else ()
    if note.shutdown and note.shutdown != shutdown_text(last(newest, Stopped)):
        yield f"{DECISION}: evaluation.shutdown is not what {EVENTS} says"
    cases = {case.id: case for case in c.cases}
    yield from _prompts(ran, cases)
    yield from _limits(ran, cases, c.policy.policy if c.policy else None)
    yield from _marks(c)
    right, noise = fold_eval(ran, c.cases)
    for result in c.results:
        if result.case not in right:
            yield f"{RESULTS}: {result.case!r}: no event of the eval's jobs grades it"
            continue
        for field in DERIVED:
            if getattr(result, field) != getattr(right[result.case], field):
                yield f"{RESULTS}: {result.case!r}: {field} is not what {EVENTS} says"
    yield from _noise(note, noise)


def _noise(note: EvalNote, right: Noise | None) -> Iterator[str]:
    said = note.noise.model_dump() if note.noise else {}
    computed = right.model_dump() if right else {}
    for field in sorted(said.keys() | computed.keys()):
        if said.get(field) != computed.get(field):
            yield f"{DECISION}: evaluation.noise.{field} is {said.get(field)}, the events give {computed.get(field)}"


def _prompts(jobs: Sequence[Sequence[Event]], cases: dict[str, Case]) -> Iterator[str]:
    """What was asked is the case, each time that it was asked."""
    asked = {(e.case, e.prompt) for job in jobs for e in job if isinstance(e, RequestStarted) and not e.warmup}
    for name in sorted({name for name, prompt in asked if name not in cases or prompt != cases[name].full_prompt}):
        yield f"{EVENTS}: the prompt of {name!r} is not that of {CASES}"


def _limits(jobs: Sequence[Sequence[Event]], cases: dict[str, Case], policy: Policy | None) -> Iterator[str]:
    """Every answer had the time that the case, or else the policy, gives it."""
    shared = policy.time_limit_s if policy else None
    asked = {(e.case, e.time_limit_s) for job in jobs for e in job if isinstance(e, RequestStarted) and e.case in cases}
    for name, limit in sorted(asked, key=str):
        if limit != (right := cases[name].time_limit_s or shared):
            yield f"{EVENTS}: the time limit of {name!r} is {limit}, case and policy give {right}"


def _marks(c: Contents) -> Iterator[str]:
    """The mark of every whole answer, the repeats too, against that which the answer gets."""
    right = marks(c)
    for one, output in graded(c):
        again = right.get((one.case, output))
        if again is not None and again.passed != one.passed:
            said, is_so = ("passed" if ok else "failed" for ok in (one.passed, again.passed))
            yield f"{EVENTS}: {one.request!r} is marked {said}; its answer {is_so} ({again.reason})"
