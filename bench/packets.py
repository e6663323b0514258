"""Packets for the benches of verify and compare, made by the real writer from the recorded run in tests/data."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.proof.events import Attempt, Completed, Event, Graded, Prefilled, RequestStarted, Stopped, Token
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.run import EvalRecord
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.domain.verdict.decision import judge
from weighbridge.domain.verdict.graders import Includes
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.from_events import fold_eval
from weighbridge.services.packet_io.write import write_packet

ROOT = Path(__file__).resolve().parents[1]
AT, ID = "2026-01-02T03:04:05Z", "11111111-2222-4333-8444-555555555555"
WORDS = ("On", " the", " local", " CPU", ",", " with", " a", " small", " model", ".")


def recorded() -> PacketSource:
    """The recorded run: one proof, one eval of eight cases, a decision."""
    sys.path.insert(0, str(ROOT / "tests"))
    from recording import recorded_events, recorded_run

    run = recorded_run()
    events = recorded_events()
    names = [e.job_id.replace(":", "") for e in events if isinstance(e, Attempt)]
    return PacketSource(run, events, {f"{name}-1.log": f"the log of {name}\n" for name in names}, AT, ID)


def many_cases(count: int, fail_every: int = 10) -> PacketSource:
    """The recorded run with an eval of so many short cases, every so many of them failing."""
    source = recorded()
    run = source.run
    assert run.evaluation is not None
    pack = CasePack(id="many", title="Many cases", case=tuple(_case(number) for number in range(count)))
    parts = {job[0].job_id: job for job in jobs(source.events) if isinstance(job[0], Attempt)}
    last = run.evaluation.job_ids[-1]
    job = tuple(_asked(parts[last], pack.case, fail_every))
    policy = pack.default_policy()
    results, noise = fold_eval([job], pack.case)
    rows = tuple(results[case.id] for case in pack.case)
    record = EvalRecord(
        **run.evaluation.model_dump(exclude={"pack", "policy", "results", "gate", "noise", "inputs", "job_ids"}),
        pack=pack,
        policy=policy,
        results=rows,
        gate=judge(rows, policy, noise),
        noise=noise,
        inputs="",
        job_ids=(last,),
    )
    run = run.model_copy(update={"pack": pack, "policy": policy, "verdict": None})
    run = run.model_copy(update={"evaluation": record.model_copy(update={"inputs": inputs_digest(run, "eval")})})
    kept = [event for name, part in parts.items() if name != last for event in part]
    return replace(source, run=run, events=[*kept, *job])


def save(target: Path, source: PacketSource) -> Path:
    write_packet(target, source)
    return target


def _case(number: int) -> Case:
    return Case(
        id=f"case-{number:06d}",
        prompt=f"Question {number}: where does a small model run, if nothing may leave the laptop?",
        grader=Includes(kind="includes", target="local CPU"),
        why="made for a bench",
    )


def _asked(job: Sequence[Event], cases: Sequence[Case], fail_every: int) -> Iterator[Event]:
    """A job of the recorded run up to its first case, then these cases, then how it ended. Times go on evenly."""
    first = next(at for at, e in enumerate(job) if isinstance(e, RequestStarted) and e.case)
    end = next(at for at, e in enumerate(job) if isinstance(e, Stopped))
    yield from job[:first]
    t = job[first].t
    for number, case in enumerate(cases):
        for event in _one(case, t, fails=number % fail_every == 0):
            yield event
            t = event.t
    for event in job[end:]:
        t += 0.001
        yield event.model_copy(update={"t": round(t, 6)})


def _one(case: Case, t: float, *, fails: bool) -> Iterator[Event]:
    request, tokens = f"case-{case.id}", 30
    words = ("No", " idea", ".") if fails else WORDS
    yield RequestStarted(
        t=round(t + 0.001, 6), request=request, case=case.id, prompt=case.full_prompt, prompt_tokens=tokens
    )
    yield Prefilled(t=round(t + 0.101, 6), request=request, prompt_tokens=tokens, prefill_s=0.1)
    for index, word in enumerate(words):
        yield Token(t=round(t + 0.11 + 0.02 * index, 6), request=request, index=index, text=word)
    over = round(t + 0.11 + 0.02 * len(words), 6)
    yield Completed(
        t=over,
        request=request,
        case=case.id,
        output="".join(words),
        stop_reason="eos",
        prompt_tokens=tokens,
        output_tokens=len(words),
        prefill_s=0.1,
        engine_prompt_ms=100.0,
        engine_prompt_tokens=tokens,
        engine_decode_ms=20.0 * len(words),
        engine_decode_tokens=len(words) - 1,
    )
    yield _graded(case, "".join(words), over, request)


def _graded(case: Case, output: str, t: float, request: str) -> Graded:
    from weighbridge.domain.verdict.graders import grade

    mark = grade(case.grader, output)
    return Graded(t=round(t + 0.0001, 6), request=request, case=case.id, passed=mark.passed, reason=mark.reason)
