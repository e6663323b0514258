"""The weighed run as a system with every sensor would tell it: threads by measurement, conditions, a busy machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Conditions,
    Event,
    Graded,
    Loaded,
    Prefilled,
    PrefixChecked,
    RequestStarted,
    Sample,
    Sensors,
    Spawned,
    Stopped,
    Swept,
    Token,
    Trial,
)
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.proof.summary import jobs, summarize
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.session.jobs.eval_fold import EvalFold

STEP_S = 0.25
REPEATS = 2


def measured(source: PacketSource, *, unstable: str = "") -> PacketSource:
    """Each prompt asked twice, two trials of threads, others busy with most of a core. `unstable`: a request's id.

    Figures, results and gate are made anew from the events, as the session makes them.
    """
    events = list(_timed(event for event in _told(list(_repeated(source.events, unstable)))))
    parts = {job[0].job_id: job for job in jobs(events) if isinstance(job[0], Attempt)}
    run = source.run
    assert run.proof and run.evaluation
    proof = run.proof.model_copy(update={"figures": summarize(parts[run.proof.job_id])})
    fold = EvalFold(run.evaluation.model_copy(update={"results": (), "gate": None, "noise": None}))
    for job_id in run.evaluation.job_ids:
        for event in parts[job_id]:
            fold.add(event)
    run = run.model_copy(update={"settings": _asked(run.settings)})
    current = {
        "proof": proof.model_copy(update={"inputs": inputs_digest(run, "proof")}),
        "evaluation": fold.record.model_copy(update={"inputs": inputs_digest(run, "eval")}),
    }
    return replace(source, events=events, run=run.model_copy(update=current))


def _asked(settings: RuntimeSettings) -> RuntimeSettings:
    return settings.model_copy(update={"repeats": REPEATS, "n_threads": None})


def _repeated(events: Sequence[Event], unstable: str) -> Iterator[Event]:
    """Every request that is no warm-up once more, behind its mark."""
    asked: list[Event] = []
    for at, event in enumerate(events):
        if isinstance(event, Attempt):
            event = event.model_copy(update={"settings": _asked(event.settings)})
        if isinstance(event, RequestStarted):
            asked = []
        asked.append(event)
        yield event
        over = isinstance(event, Graded) or (isinstance(event, Completed) and not isinstance(events[at + 1], Graded))
        if over and not any(isinstance(e, RequestStarted | Completed) and e.warmup for e in asked):
            yield from (_again(e, unstable) for e in asked if hasattr(e, "request"))
            asked = []


def _again(event: Event, unstable: str) -> Event:
    request = getattr(event, "request", "")
    changes: dict[str, object] = {"request": f"{request}#2"}
    if isinstance(event, RequestStarted | Completed | Graded):
        changes["repeat"] = 2
    if request == unstable and isinstance(event, Token) and event.index == 0:
        changes["text"] = f"Well, {event.text}"
    if request == unstable and isinstance(event, Completed):
        changes["output"] = f"Well, {event.output}"
    return event.model_copy(update=changes)


def _told(events: Sequence[Event]) -> Iterator[Event]:
    busy = count(1)
    for event in events:
        match event:
            case Sample():
                at = next(busy)
                yield event.model_copy(
                    update={
                        "uss_bytes": 3_000_000 + at, "pss_bytes": 4_000_000 + at, "swap_bytes": 4096,
                        "minor_faults": 10 * at, "major_faults": at, "cpu_s": at * STEP_S, "run_delay_s": 0.01 * at,
                        "own_percent": 1.5, "others_percent": 83.0, "steal_percent": 0.5, "frequency_mhz": 2400.0,
                        "cost_s": 0.001 * at, "involuntary_switches": 5 * at,
                    }
                )  # fmt: skip
            case Conditions() | Sensors() | Trial() | Swept():
                pass
            case Attempt():
                yield event
                yield _conditions("before")
            case Spawned():
                yield event
                yield Sensors(t=0, interval_s=0.2, cores=2, missing={"temperature_c": "no sensor is readable"})
            case Loaded():
                yield event
                yield from _swept()
            case Completed() if event.request == "case-packet-01":
                yield PrefixChecked(t=0, request=event.request, reused_tokens=5, same=True, reason="Both are equal.")
                yield event
            case Completed() | Prefilled() if event.request == "case-gate-01":
                yield event.model_copy(update={"reused_tokens": 5})
            case Stopped():
                yield event
                yield _conditions("after")
            case _:
                yield event


def _conditions(when: str) -> Conditions:
    return Conditions.model_validate(
        {
            "t": 0, "when": when, "window_s": 0.3, "load1": 1.25, "others_percent": 80.0, "steal_percent": 0.0,
            "frequency_mhz": 2400.0, "power": "mains", "available_bytes": 2**33, "swap_used_bytes": 0,
            "missing": {"battery_percent": "no battery", "temperature_c": "no sensor is readable"},
        }
    )  # fmt: skip


def _swept() -> Iterator[Event]:
    trials = (
        Trial(t=0, phase="prefill", n_threads=2, tokens=64, seconds=0.3, tokens_per_s=213.0),
        Trial(t=0, phase="decode", n_threads=1, tokens=20, seconds=0.5, tokens_per_s=40.0),
    )
    yield from trials
    yield Swept(
        t=0, how="measured", n_threads=1, n_threads_batch=2, reason="One thread decodes fastest here.",
        at="2026-01-02T03:00:00Z", seconds=0.8, load1=1.25, trials=trials,
    )  # fmt: skip


def _timed(events: Iterator[Event]) -> Iterator[Event]:
    """One quarter of a second between two events."""
    for at, event in enumerate(events):
        yield event.model_copy(update={"t": at * STEP_S})
