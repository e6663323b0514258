"""Packets' records for the tests of the page: the recorded run, a plan, and many cases, without a folder on disk."""

from __future__ import annotations

from typing import Any

from packet.hub_run import current
from recording import recorded_events, recorded_run

from weighbridge.domain.proof.events import Attempt, Event, Failed, Loaded, Ready, RequestStarted, Sample, Stopped
from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.route.decide import decide
from weighbridge.domain.run import PlanDetails
from weighbridge.domain.verdict.decision import judge
from weighbridge.services.packet_io.contents import RECORDS, Contents, take
from weighbridge.services.packet_io.evidence import Evidence, PacketSource
from weighbridge.services.packet_io.payload import payload
from weighbridge.services.packet_io.redact import Redactor
from weighbridge.services.tables import load_tables

AT = "2026-01-02T03:04:05Z"
ID = "11111111-2222-4333-8444-555555555555"
RESULTS, CASES, DECISION, RUNTIME = (
    "data/eval/results.jsonl",
    "data/eval/cases.jsonl",
    "data/decision.json",
    "data/runtime.json",
)


def files_of(source: PacketSource) -> dict[str, str]:
    """Every file below data/, as the writer makes them."""
    return payload(Evidence(source), Redactor({}, ()), ("weighbridge", "prove", "bundled"))


def contents_of(files: dict[str, str]) -> Contents:
    """The records as `verify` reads them."""
    found = Contents({}, set(files), files.__getitem__)
    for name in RECORDS:
        if name in files:
            take(found, name, files[name])
    return found


def recorded() -> PacketSource:
    """The recorded run, with its evidence made for just these answers."""
    return PacketSource(current(recorded_run()), recorded_events(), {}, AT, ID)


def planned() -> PacketSource:
    """A plan for a rented GPU: nothing has run."""
    card = ConstraintCard(available_route="rented_gpu", budget_level="medium", privacy="internal")
    nothing: dict[str, Any] = {"proof": None, "evaluation": None, "verdict": None, "forecast": None, "confirmed": {}}
    plan = PlanDetails(cost_per_hour="1.20 USD", stop_command="provider stop 1")
    chosen = {"constraints": card, "decision": decide(card, load_tables(), None), "plan": plan, **nothing}
    return PacketSource(recorded_run().model_copy(update=chosen), [], {}, AT, ID)


def changed(c: Contents, name: str, **values: Any) -> Contents:
    """The same records, with other values in one document."""
    c.documents[name] = c.documents[name].model_copy(update=values)
    return c


def answered(c: Contents, output: str, **values: Any) -> Contents:
    """The same records, with another first answer."""
    first, *rest = c.results
    c.lines[RESULTS] = [first.model_copy(update={"output": output, **values}), *rest]
    return c


LATER_S = 3.0
"""When the second attempt of `crashed_first` begins."""
CRASHED_PEAK = 900 * 2**20


def crashed_first(c: Contents) -> Contents:
    """The same proof as a second attempt, after a first one that held 900 MiB and crashed in its warm-up."""
    assert c.runtime is not None
    assert c.runtime.proof is not None
    job_id = c.runtime.proof.job_id
    job = next(job for job in c.jobs.values() if isinstance(job[0], Attempt) and job[0].job_id == job_id)
    gone = Stopped(t=2.1, pid=7, how="crashed", seconds=0.0, signal="SIGSEGV", gone=True)
    failed = Failed(t=2.0, kind="crash", phase="warm-up", message="It crashed.", signal="SIGSEGV", exit_code=-11)
    before: list[Event] = [
        *(e for e in job if isinstance(e, Attempt | Ready | Loaded)),
        next(e for e in job if isinstance(e, RequestStarted) and e.warmup),
        Sample(t=1.9, rss_bytes=CRASHED_PEAK, rss_anon_bytes=CRASHED_PEAK // 2, rss_file_bytes=CRASHED_PEAK // 2),
        failed,
        gone,
    ]
    moved: list[Event] = [e.model_copy(update={"t": e.t + LATER_S}) for e in job]
    moved = [e.model_copy(update={"number": 2}) if isinstance(e, Attempt) else e for e in moved]
    others = [e for one in c.jobs.values() if one is not job for e in one]
    c.lines["data/events.jsonl"] = [*_first_mode(before), *moved, *others]
    del c.__dict__["jobs"]
    note = next(a for a in c.runtime.attempts if a.job_id == job_id)
    first = note.model_copy(update={"mode": "default", "outcome": "crash SIGSEGV"})
    rest = [a.model_copy(update={"number": 2}) if a is note else a for a in c.runtime.attempts]
    return changed(c, RUNTIME, attempts=(first, *rest))


def _first_mode(events: list[Event]) -> list[Event]:
    """The attempt in default mode; times that lie before the crash."""
    timed = [e.model_copy(update={"t": min(e.t, 1.0 + at / 10)}) for at, e in enumerate(events[:-3])]
    return [e.model_copy(update={"mode": "default"}) if isinstance(e, Attempt) else e for e in [*timed, *events[-3:]]]


def many(c: Contents, count: int, text: str) -> Contents:
    """The same packet with `count` cases, each with this prompt and answer; every third one fails."""
    case, result = c.cases[0], c.results[0]
    c.lines[CASES] = [case.model_copy(update={"id": f"case-{n}", "prompt": text}) for n in range(count)]
    c.lines[RESULTS] = [
        result.model_copy(
            update={"case": f"case-{n}", "output": text, "passed": n % 3 > 0, "ttft_s": 0.2 + n % 7 / 100}
        )
        for n in range(count)
    ]
    assert c.decision is not None
    assert c.decision.evaluation is not None
    assert c.policy is not None
    policy = c.policy.policy.model_copy(update={"cases": count, "min_pass": 1})
    gate = judge(c.results, policy)
    return changed(c, DECISION, evaluation=c.decision.evaluation.model_copy(update={"gate": gate}))
