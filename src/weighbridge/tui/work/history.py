"""The picture of a job that ended earlier, drawn again from the events on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weighbridge.domain.proof.events import Attempt, Ended, Event
from weighbridge.domain.proof.live import LiveView, Meter
from weighbridge.domain.proof.summary import jobs


def view_of(events: Iterable[Event], job_id: str, forecast_bytes: int | None) -> LiveView:
    """The last view of one job. An idle view where the events hold nothing of it."""
    meter = Meter(forecast_bytes=forecast_bytes)
    inside = False
    for event in events:
        if isinstance(event, Attempt):
            inside = event.job_id == job_id
        if inside:
            meter.add(event)
    return meter.view()


def earlier_view(events: Sequence[Event], shown: str) -> LiveView | None:
    """The last view of the newest proof that ran to its end before the one with the id `shown`. None: there is none."""
    found: tuple[Event, ...] | None = None
    for job in jobs(events):
        begun, ended = job[0], job[-1]
        if not isinstance(begun, Attempt) or begun.job != "proof":
            continue
        if begun.job_id == shown:
            break
        if isinstance(ended, Ended) and ended.outcome == "completed":
            found = job
    if found is None:
        return None
    meter = Meter()
    for event in found:
        meter.add(event)
    return meter.view()
