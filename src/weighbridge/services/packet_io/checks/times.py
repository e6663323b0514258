"""Whether the events of each job could have happened at the times that they name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Connected,
    Event,
    Graded,
    Prefilled,
    Ready,
    RequestStarted,
    Sample,
    ServerSample,
    Token,
)
from weighbridge.services.packet_io.contents import Contents

EVENTS = "data/events.jsonl"


def check_times(c: Contents) -> Iterator[str]:
    """The child tells its own events in the order of their times, and so does the sampler; they are written as they
    come, so that the two are not in order with each other. A mark is never earlier than its answer."""
    for job_id, job in c.jobs.items():
        for problem in _job(job):
            yield f"{EVENTS}: {job_id}: {problem}"


def _job(job: Sequence[Event]) -> Iterator[str]:
    child = sampled = told = answered = 0.0
    for event in job:
        match event:
            case Attempt():
                child = sampled = told = answered = event.t
            case Ready() | Connected() | RequestStarted() | Prefilled() | Token() | Completed():
                if event.t < child:
                    yield f"`{event.event}` at {event.t} s is earlier than what the child told before, at {child} s"
                child = event.t
                answered = event.t if isinstance(event, Completed) else answered
            case Sample():
                if event.t < sampled:
                    yield f"a sample at {event.t} s is earlier than the one before it, at {sampled} s"
                sampled = event.t
            case ServerSample():
                if event.t < told:
                    yield f"a sample of the server at {event.t} s is earlier than the one before it, at {told} s"
                told = event.t
            case Graded() if event.t < answered:
                yield f"{event.request!r} is marked at {event.t} s, before its answer at {answered} s"
            case _:
                pass
