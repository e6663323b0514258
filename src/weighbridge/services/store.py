"""Runs on disk. The run folder is the truth: `run.json` (written whole or not at all) and `events.jsonl` (appended).

A killed program leaves at most one torn last line in `events.jsonl`; it is ignored when read and cut off before the
next line is written.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout
from pydantic import ValidationError

from weighbridge.domain.problems import BadInput, OutsideFailed, Problem, Refused
from weighbridge.domain.proof.events import EVENT, Completed, Ended, Event, Graded, Stopped
from weighbridge.domain.run import Run
from weighbridge.services.atomic import disk_problem, write_atomic

RUN_ID = re.compile(r"^\d{8}-\d{6}-[0-9a-f]{4}$")
_DURABLE = (Completed, Graded, Stopped, Ended)
"""Events after which something is shown as done: they are on the disk before anybody sees them."""


def data_folder() -> Path:
    """`$WEIGHBRIDGE_HOME`, or the operating system's place for an application's data."""
    home = os.environ.get("WEIGHBRIDGE_HOME")
    return Path(home) if home else Path(platformdirs.user_data_dir("weighbridge", appauthor=False))


@dataclass(frozen=True)
class RunEntry:
    """One run in a listing. `problem` says why it cannot be read; `run` is None then."""

    id: str
    run: Run | None
    problem: str = ""


class RunFolder:
    """One run, locked for this process from `open` to `close`."""

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self.folder = folder
        self._lock = lock
        self._events: int | None = None

    @property
    def events_path(self) -> Path:
        return self.folder / "events.jsonl"

    def save(self, run: Run) -> None:
        """Writes `run.json` in one step. OutsideFailed when the disk is full or read-only; the old one stays."""
        write_atomic(self.folder / "run.json", run.model_dump_json(indent=1).encode() + b"\n")

    def append(self, event: Event) -> None:
        """Adds one event. It is on the disk, not only in a buffer, once something counts as done."""
        try:
            if self._events is None:
                self._events = self._open_events()
            self._write_line(self._events, event.model_dump_json().encode() + b"\n")
            if isinstance(event, _DURABLE):
                os.fsync(self._events)
        except OSError as error:
            self._close_events()
            raise disk_problem(self.events_path, error) from error

    @staticmethod
    def _write_line(fd: int, line: bytes) -> None:
        """A line is there whole or not at all, for whoever reads while it is written."""
        written = os.write(fd, line)
        if written != len(line):
            os.ftruncate(fd, os.fstat(fd).st_size - written)
            raise OSError(errno.ENOSPC, "No space left on device")

    def require_room(self, need_bytes: int) -> None:
        """OutsideFailed where the disk has not that much room. A system that does not tell is trusted."""
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError:
            return
        if free < need_bytes:
            raise OutsideFailed(
                f"{self.folder} has {free / 1e6:,.0f} MB free, and this may take {need_bytes / 1e6:,.0f} MB.",
                "Free some space, lower the answer limit or the repeats, or choose a folder with WEIGHBRIDGE_HOME.",
            )

    def _open_events(self) -> int:
        fd = os.open(self.events_path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        whole = _whole_length(fd)
        if whole != os.fstat(fd).st_size:
            os.ftruncate(fd, whole)
        return fd

    def events(self) -> Iterator[Event]:
        """The events in order, as far as they are whole. OutsideFailed where a line is not an event."""
        if not self.events_path.exists():
            return
        with self.events_path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield EVENT.validate_json(line)
                except ValidationError:
                    raise OutsideFailed(
                        f"{self.events_path}, line {number}, is not an event of weighbridge.",
                        "The file was changed from outside; start a new run, or put the line right.",
                    ) from None

    def _close_events(self) -> None:
        if self._events is not None:
            os.close(self._events)
            self._events = None

    def close(self) -> None:
        """Gives the run back. Safe to call twice."""
        self._close_events()
        self._lock.release()


def _whole_length(fd: int) -> int:
    """Bytes up to and with the last line end."""
    end = os.fstat(fd).st_size
    while end > 0:
        start = max(0, end - 65_536)
        os.lseek(fd, start, os.SEEK_SET)
        block = os.read(fd, end - start)
        at = block.rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


class RunStore:
    """All runs below one folder."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or data_folder()
        self.runs = self.home / "runs"

    def new_id(self) -> str:
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"

    def open(self, run_id: str) -> RunFolder:
        """Locks a run and makes its folder if need be. Refused while another weighbridge holds it."""
        if not RUN_ID.match(run_id):
            raise BadInput(f"{run_id!r} is not a run.", "`weighbridge runs` lists them.")
        folder = self.runs / run_id
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / "lock")
            lock.acquire(timeout=0)
        except Timeout:
            raise Refused(
                f"The run {run_id} is open in another weighbridge.",
                "Close that one, or start a new run with `weighbridge --new`.",
            ) from None
        except OSError as error:
            raise disk_problem(folder, error) from error
        return RunFolder(folder, lock)

    def load(self, run_id: str) -> Run:
        """Reads a run. BadInput if there is none, OutsideFailed if it cannot be read."""
        path = self.runs / run_id / "run.json"
        if not RUN_ID.match(run_id) or not path.exists():
            raise BadInput(f"There is no run {run_id}.", "`weighbridge runs` lists them.")
        try:
            return Run.model_validate_json(path.read_bytes())
        except (ValidationError, OSError, UnicodeDecodeError):
            raise OutsideFailed(
                f"The run {run_id} cannot be read: {path} is damaged or of another version.",
                "Start a new run with `weighbridge --new`; the folder is left as it is.",
            ) from None

    def list(self) -> list[RunEntry]:
        """All runs, the newest first."""
        if not self.runs.is_dir():
            return []
        entries = []
        for name in sorted((p.name for p in self.runs.iterdir() if RUN_ID.match(p.name)), reverse=True):
            try:
                entries.append(RunEntry(name, self.load(name)))
            except Problem as problem:
                if (self.runs / name / "run.json").exists():
                    entries.append(RunEntry(name, None, str(problem)))
        return entries

    def delete(self, run_id: str) -> None:
        """Removes a run and its evidence. Refused while it is open."""
        if not (self.runs / run_id).is_dir():
            raise BadInput(f"There is no run {run_id}.", "`weighbridge runs` lists them.")
        self.open(run_id).close()
        shutil.rmtree(self.runs / run_id)
