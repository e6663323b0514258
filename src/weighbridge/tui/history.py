"""The picture of a job that ended earlier, drawn again from the events on disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weighbridge.domain.proof.events import Attempt, Event
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


def earlier_view(events: Sequence[Event], present: LiveView) -> LiveView | None:
    """The last view of the proof before the present one, or of the newest where none is shown. None: there is none."""
    proofs = [job for job in jobs(events) if isinstance(job[0], Attempt) and job[0].job == "proof"]
    if present.job:
        proofs = proofs[:-1]
    if not proofs:
        return None
    meter = Meter()
    for event in proofs[-1]:
        meter.add(event)
    return meter.view()
