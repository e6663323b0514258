"""The picture of a job that ended earlier, drawn again from the events on disk."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.domain.proof.events import Attempt, Event
from weighbridge.domain.proof.live import LiveView, Meter


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
