"""One run on disk. Its folder is the truth: `run.json` (written whole or not at all) and `events.jsonl` (appended).

A killed program leaves at most one torn last line in `events.jsonl`; it is ignored when read and cut off before the
next line is written.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock
from pydantic import ValidationError

from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import EVENT, Attempt, Completed, Ended, Event, Graded, Stopped
from weighbridge.domain.run import Run
from weighbridge.services.atomic import disk_problem, write_atomic
from weighbridge.services.runs.migrations import PRESENT, version_of

FIRST_WORDS = b'{"event":"attempt"'
"""How the line of an attempt begins."""
_DURABLE = (Completed, Graded, Stopped, Ended)
"""Events after which something is shown as done: they are on the disk before anybody sees them."""


class RunFolder:
    """One run, locked for this process from `open` to `close`."""

    def __init__(self, folder: Path, lock: FileLock) -> None:
        self.folder = folder
        self._lock = lock
        self._events: int | None = None
        self._earlier_kept = False

    @property
    def events_path(self) -> Path:
        return self.folder / "events.jsonl"

    def save(self, run: Run) -> None:
        """Writes `run.json` in one step. OutsideFailed when the disk is full or read-only; the old one stays.

        A file that an earlier version wrote is kept once, as `run.v1.json`.
        """
        if not self._earlier_kept:
            self._keep_earlier()
        write_atomic(self.folder / "run.json", run.model_dump_json(indent=1).encode() + b"\n")

    def _keep_earlier(self) -> None:
        path = self.folder / "run.json"
        try:
            text = path.read_bytes()
            version = version_of(text)
        except (OSError, ValueError):
            version = PRESENT
        kept = self.folder / f"run.v{version}.json"
        if version < PRESENT and not kept.exists():
            write_atomic(kept, text)
        self._earlier_kept = True

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
        return read_events(self.folder)

    def newest_job(self) -> Iterator[Event]:
        """The events of the newest job alone: what stands before it is not read. OutsideFailed as `events`."""
        return read_events(self.folder, _start_of_newest_job(self.events_path))

    def _close_events(self) -> None:
        if self._events is not None:
            os.close(self._events)
            self._events = None

    def close(self) -> None:
        """Gives the run back. Safe to call twice."""
        self._close_events()
        self._lock.release()


def sweep(folder: Path) -> None:
    """Removes what saves left that were killed. Only for who holds the run: nobody else writes here."""
    for left in folder.glob(".*.json*.*"):
        with suppress(OSError):
            left.unlink()


def read_events(folder: Path, start: int = 0) -> Iterator[Event]:
    """The whole lines of a run's events, from a byte on. OutsideFailed, naming the line, where one is not an event."""
    path = folder / "events.jsonl"
    if not path.exists():
        return
    with path.open("rb") as lines:
        lines.seek(start)
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield EVENT.validate_json(line)
            except ValidationError:
                raise OutsideFailed(
                    f"{path}, line {number + _lines_before(path, start)}, is not an event of weighbridge.",
                    f"`weighbridge runs mend {folder.name}` sets the damaged job aside; the others stay.",
                ) from None


def _lines_before(path: Path, start: int) -> int:
    with path.open("rb") as file:
        return file.read(start).count(b"\n")


def _start_of_newest_job(path: Path) -> int:
    """The byte at which the newest job begins, found by its first attempt; 0, so that all is read, where there is none.

    A file that cannot be searched (an empty one, a system without maps) is read whole too, and says itself what is
    wrong with it.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            end = len(text)
            while (at := text.rfind(FIRST_WORDS, 0, end)) > 0:
                line = text[at : text.find(b"\n", at) + 1]
                if text[at - 1 : at] == b"\n" and _number(line) == 1:
                    return at
                end = at
    except (OSError, ValueError):
        return 0  # it is read whole
    return 0


def _number(line: bytes) -> int | None:
    """Which attempt of its job a line begins; None where it is not an attempt."""
    try:
        event = EVENT.validate_json(line)
    except ValidationError:
        return None
    return event.number if isinstance(event, Attempt) else None


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
