"""What the decision rests on beside the present eval: earlier baselines, what was tried, what the jobs have cost."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.proof.events import Attempt, Connected
from weighbridge.domain.proof.summary import last
from weighbridge.domain.serving.identity import own_facts, served_model
from weighbridge.domain.verdict.cost import costs_of
from weighbridge.domain.verdict.decision import Baseline, GateResult
from weighbridge.domain.verdict.stats import wilson
from weighbridge.services.packet_io.contents import Contents

DECISION = "data/decision.json"


def check_baselines(c: Contents) -> Iterator[str]:
    """The sums of each earlier eval, and its model and marks where its events are in the packet."""
    for old in c.decision.baselines if c.decision else ():
        where = f"{DECISION}: the baseline of {old.at}"
        gate = old.gate
        if old.marks and (gate.passed, gate.total) != (sum(old.marks.values()), len(old.marks)):
            yield f"{where}: {gate.passed} of {gate.total} passed, its marks say {sum(old.marks.values())}"
        if not 0 <= gate.passed <= gate.total or not gate.total:
            yield f"{where}: {gate.passed} of {gate.total} passed cannot be"
        elif gate.interval != wilson(gate.passed, gate.total):
            yield f"{where}: the interval is not that of {gate.passed} of {gate.total}"
        yield from _its_events(c, old, where)


def _its_events(c: Contents, old: Baseline, where: str) -> Iterator[str]:
    told = last(c.jobs.get(old.job_ids[-1], ()), Connected) if old.job_ids else None
    if told is not None and old.served is not None and old.served.facts != own_facts(told):
        yield f"{where}: served.facts are not what its server told last"
    for job_id in old.job_ids:
        for event in c.jobs.get(job_id, ()):
            if event.event == "attempt" and event.model_sha256 != old.model_sha256:
                yield f"{where}: its events are of another model"
            if event.event == "attempt" and not _of_server(c, old, event):
                yield f"{where}: its events are of another server"
            if event.event == "graded" and old.marks and event.case not in old.marks:
                yield f"{where}: its events grade the case {event.case!r}, which it does not name"


def _of_server(c: Contents, old: Baseline, attempt: Attempt) -> bool:
    """Whether the attempt asked the server of the baseline. One of an earlier version does not name it."""
    target = attempt.target
    if target is None or target.origin == "started" or old.served is None:
        return old.served is None
    orders = [row.rental.order for row in c.rentals.rows if row.rental.job_id == target.job] if c.rentals else []
    right = served_model(target, orders[0].revision if orders else "")
    return right is not None and not old.served.other_than(right)


def check_tries(c: Contents) -> Iterator[str]:
    """What was tried answers an eval that FAILED, and its result is that of an eval in the packet."""
    d = c.decision
    if d is None:
        return
    gates: dict[str, list[GateResult]] = {}
    for old in d.baselines:
        gates.setdefault(old.cases_digest, []).append(old.gate)
    if c.policy and d.evaluation and d.evaluation.gate:
        gates.setdefault(c.policy.policy.cases_digest, []).append(d.evaluation.gate)
    for number, one in enumerate(d.tried, 1):
        where = f"{DECISION}: try {number} ({one.what})"
        if not any(gate.gate == "FAILED" for gate in gates.get(one.cases_digest, ())):
            yield f"{where} answers no eval of the packet that FAILED"
        results = {f"{g.passed} of {g.total} passed ({g.gate})" for g in gates.get(one.result_digest, ())}
        if (one.result or one.result_digest) and one.result not in results:
            yield f"{where}: the result {one.result!r} is that of no eval of the packet"


def check_spent(c: Contents) -> Iterator[str]:
    """The cost of each job, counted again from its events. Jobs that were left out of the packet keep theirs."""
    if c.decision is None:
        return
    spent = c.decision.spent
    for job_id, cost in costs_of(c.jobs.values()).items():
        if spent.get(job_id) != cost:
            yield f"{DECISION}: spent: {job_id} is not what its events have cost"
    left_out = c.runtime.jobs_left_out if c.runtime else 0
    more = len(spent.keys() - c.jobs.keys())
    if c.decision.status == "measured" and more > left_out:
        yield f"{DECISION}: spent names {more} jobs that are not in the events, {left_out} were left out"
