"""A recorded job of a packet or of a run on this machine, read without holding either: it may be written right now."""

from __future__ import annotations

import json
import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.problems import BadInput, OutsideFailed, Problem
from weighbridge.domain.proof.events import EVENT, Attempt, Ended, Event, JobKind
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io.bag import BAGIT
from weighbridge.services.runs.store import RUN_ID, RunStore

MAX_LINES, MAX_LINE_BYTES = 2_000_000, 8 << 20
"""More is no record of a job."""
MAX_T = 10_000_000.0
"""Seconds: 115 days."""
NAME = "Name the folder of a packet in which something was run, or the ID of a run."


@dataclass(frozen=True)
class Recording:
    """The newest job of a kind. `name`: the packet's folder or the run's ID; `forecast_bytes`: None where not known.

    `cut`: the file's last line has no end and was left out: it is being written, or the rest of the file is lost.
    """

    name: str
    events: tuple[Event, ...]
    forecast_bytes: int | None = None
    cut: bool = False
    of_packet: bool = False
    """Whether it comes from a packet, which a replay reads and does not verify."""

    @property
    def ended(self) -> bool:
        """Whether the job was over when this was read."""
        return bool(self.events) and isinstance(self.events[-1], Ended)


def load_recording(where: str, kind: JobKind, store: RunStore) -> Recording:
    """Reads the job. BadInput where there is no such packet, run or job; OutsideFailed where the disk fails."""
    if not where.strip():
        raise BadInput("The name of the packet is empty.", NAME)
    said, forecast, of_packet = clean_line(where, 100), None, False
    if RUN_ID.match(where) and not _is(Path(where), "folder"):
        path, name = store.runs / where / "events.jsonl", where
        if not _is(path, "file"):
            raise BadInput(f"There is no run {where} with events.", "`weighbridge runs` lists the runs.")
        forecast = _forecast(store, where)
    else:
        folder = Path(os.path.expanduser(where))
        path, name = _events_of(folder, said), clean_line(folder.name or where, 60)
        forecast, of_packet = _forecast_of(folder / "data" / "runtime.json"), True
    events, cut = _read(path)
    parts = [job for job in jobs(events) if isinstance(job[0], Attempt)]
    if not parts:
        raise BadInput(f"{said} holds no job: nothing was run.", NAME)
    found = [job for job in parts if isinstance(job[0], Attempt) and job[0].job == kind]
    if not found:
        raise BadInput(f"{said} holds no {kind}.", f"--job {'eval' if kind == 'proof' else 'proof'}?")
    return Recording(name, found[-1], forecast, cut, of_packet)


def _events_of(folder: Path, said: str) -> Path:
    """The events of a packet. BadInput where there are none."""
    if _is(folder, "file"):
        raise BadInput(f"{said} is a file, and a packet is a folder.", NAME)
    if not _is(folder, "folder"):
        raise BadInput(f"There is no folder or run {said}.", f"{NAME} `weighbridge runs` lists the runs.")
    path = folder / "data" / "events.jsonl"
    if _is(path, "file"):
        return path
    if _is(folder / BAGIT, "file"):
        raise BadInput(f"{said} holds no events: nothing was run for this packet.", NAME)
    raise BadInput(f"{said} is not a packet: it has no {BAGIT} and no data/{path.name}.", NAME)


def _is(path: Path, what: Literal["folder", "file"]) -> bool:
    """Whether the path is a folder, or anything else that is there. BadInput where the system does not tell."""
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    return is_folder == (what == "folder")


def _unreadable(path: Path, error: OSError | ValueError) -> BadInput:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return BadInput(f"{clean_line(str(path), 100)} cannot be read: {why}.", "Check the path and its rights.")


def _forecast(store: RunStore, run_id: str) -> int | None:
    """The forecast of the run as it stands at present; None where it cannot be told."""
    try:
        forecast = store.load(run_id).forecast
    except Problem:
        return None
    return forecast.total_bytes if forecast else None


def _forecast_of(path: Path) -> int | None:
    """The forecast that a packet holds; None where it cannot be told. Nothing else of the file is looked at."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_LINE_BYTES:
            return None
        return Forecast.model_validate(json.loads(path.read_bytes())["forecast"]).total_bytes
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _read(path: Path) -> tuple[list[Event], bool]:
    """Every whole line as an event, and whether a last line without an end was left out."""
    found: list[Event] = []
    try:
        with path.open("rb") as lines:
            for number in range(1, MAX_LINES + 1):
                line = lines.readline(MAX_LINE_BYTES)
                if not line.endswith(b"\n"):
                    if len(line) == MAX_LINE_BYTES:
                        raise _no_event(path, number)
                    return found, bool(line)
                found.append(_event(path, number, line))
    except PermissionError as error:
        raise _unreadable(path, error) from None
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
