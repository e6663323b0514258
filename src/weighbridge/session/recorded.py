"""A recorded job of a packet or of a run on this machine, read without holding either: it may be written right now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from weighbridge.domain.problems import BadInput, OutsideFailed, Problem
from weighbridge.domain.proof.events import EVENT, Attempt, Event, JobKind
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.text import clean_line
from weighbridge.services.store import RUN_ID, RunStore

MAX_LINES, MAX_LINE_BYTES = 2_000_000, 8 << 20
"""More is no record of a job."""
MAX_T = 10_000_000.0
"""Seconds: 115 days."""


@dataclass(frozen=True)
class Recording:
    """The newest job of a kind. `name`: the packet's folder or the run's ID; `forecast_bytes`: None where not known."""

    name: str
    events: tuple[Event, ...]
    forecast_bytes: int | None = None


def load_recording(where: str, kind: JobKind, store: RunStore) -> Recording:
    """Reads the job. BadInput where there is no such packet, run or job; OutsideFailed where it cannot be read."""
    forecast = None
    if RUN_ID.match(where) and not Path(where).exists():
        path, name = store.runs / where / "events.jsonl", where
        forecast = _forecast(store, where)
        missing = BadInput(f"There is no run {where} with events.", "`weighbridge runs` lists the runs.")
    else:
        folder = Path(where).expanduser()
        path, name = folder / "data" / "events.jsonl", clean_line(folder.name or where, 60)
        hint = "Give the folder of a packet in which something was run, or the ID of a run."
        missing = BadInput(f"{clean_line(where)} holds no events: there is no {path.parent.name}/{path.name}.", hint)
    if not path.is_file():
        raise missing
    found = [job for job in jobs(list(_events(path))) if isinstance(job[0], Attempt) and job[0].job == kind]
    if not found:
        raise BadInput(f"{clean_line(where)} holds no {kind}.", f"--job {'eval' if kind == 'proof' else 'proof'}?")
    return Recording(name, found[-1], forecast)


def _forecast(store: RunStore, run_id: str) -> int | None:
    """The forecast of the run as it stands at present; None where it cannot be told."""
    try:
        forecast = store.load(run_id).forecast
    except Problem:
        return None
    return forecast.total_bytes if forecast else None


def _events(path: Path) -> Iterator[Event]:
    """Every whole line as an event. A last line that is still being written is left out."""
    try:
        with path.open("rb") as lines:
            for number in range(1, MAX_LINES + 1):
                line = lines.readline(MAX_LINE_BYTES)
                if not line.endswith(b"\n"):
                    if len(line) == MAX_LINE_BYTES:
                        raise _no_event(path, number)
                    return
                yield _event(path, number, line)
    except OSError as error:
        raise OutsideFailed(f"{clean_line(str(path))} cannot be read: {error.strerror}.") from error
    raise BadInput(f"{clean_line(str(path))} has more than {MAX_LINES:,} lines: that is no record of a job.")


def _event(path: Path, number: int, line: bytes) -> Event:
    try:
        event = EVENT.validate_json(line)
    except ValidationError:
        raise _no_event(path, number) from None
    if not math.isfinite(event.t) or not 0 <= event.t <= MAX_T:
        raise _no_event(path, number)
    return event


def _no_event(path: Path, number: int) -> BadInput:
    return BadInput(
        f"{clean_line(str(path))}, line {number}, is not an event of weighbridge.",
        "`weighbridge verify` says whether a packet holds.",
    )
