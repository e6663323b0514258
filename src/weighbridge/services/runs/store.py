"""All runs on this machine: found, listed, opened, read and deleted.

A run of an earlier version is read as one of this version, and rewritten when it is next saved.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from weighbridge.domain.problems import BadInput, OutsideFailed, Problem, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import disk_problem
from weighbridge.services.runs.migrations import Newer, read_run
from weighbridge.services.runs.run_folder import RunFolder as RunFolder
from weighbridge.services.runs.run_folder import sweep

RUN_ID = re.compile(r"^\d{8}-\d{6}-[0-9a-f]{4}\Z")
GONE = ".gone-"
"""How the folder of a run begins that is being deleted: a kill in between leaves no half run."""
LEAST_PREFIX = 4
"""Characters of an id that are needed to name a run by its beginning."""


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
            sweep(folder)
        except Timeout:
            raise Refused(
                f"The run {run_id} is open in another weighbridge.",
                "Close that one, or start a new run with `weighbridge --new`.",
            ) from None
        except OSError as error:
            raise disk_problem(folder, error) from error
        return RunFolder(folder, lock)

    def find(self, wish: str) -> str:
        """The id of a run that is named by its id, or by a beginning that only one run has. BadInput otherwise."""
        if RUN_ID.match(wish):
            return wish
        found = [name for name in self._names() if name.startswith(wish)] if len(wish) >= LEAST_PREFIX else []
        if len(found) == 1:
            return found[0]
        said = clean_line(wish, 60)
        if not found:
            least = f" Of an id, at least {LEAST_PREFIX} characters are needed." if len(wish) < LEAST_PREFIX else ""
            raise BadInput(f"There is no run {said!r}.", f"`weighbridge runs` lists them.{least}")
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise BadInput(f"{len(found)} runs begin with {said}: {', '.join(found[:5])}{more}.", "Type more of the id.")

    def require(self, run_id: str) -> None:
        """BadInput where there is no folder of that run, whatever it holds."""
        if not RUN_ID.match(run_id) or not (self.runs / run_id).is_dir():
            raise BadInput(f"There is no run {clean_line(run_id)}.", "`weighbridge runs` lists them.")

    def load(self, run_id: str) -> Run:
        """Reads a run of this version or an earlier one. BadInput if there is none, OutsideFailed if it is unreadable.

        Nothing is written: the file is rewritten when the run is next saved.
        """
        self.require(run_id)
        path = self.runs / run_id / "run.json"
        try:
            return read_run(path.read_bytes())
        except Newer as newer:
            raise OutsideFailed(f"The run {run_id} cannot be read. {newer}", newer.hint) from None
        except FileNotFoundError:
            why = "it was ended before its first save, or run.json was taken away"
        except (ValueError, OSError):
            why = f"{path} is damaged"
        raise OutsideFailed(
            f"The run {run_id} cannot be read: {why}.",
            f"Start a new run with `weighbridge --new`; `weighbridge runs delete {run_id}` removes this one.",
        )

    def list(self) -> list[RunEntry]:
        """All runs, the newest first. One whose folder holds nothing but its lock is just being begun."""
        entries = []
        for name in self._names():
            try:
                entries.append(RunEntry(name, self.load(name)))
            except Problem as problem:
                if any(not path.name.startswith((".", "lock")) for path in (self.runs / name).iterdir()):
                    entries.append(RunEntry(name, None, str(problem)))
        return entries

    def _names(self) -> tuple[str, ...]:
        """The newest first."""
        if not self.runs.is_dir():
            return ()
        return tuple(sorted((path.name for path in self.runs.iterdir() if RUN_ID.match(path.name)), reverse=True))

    def delete(self, run_id: str) -> None:
        """Removes a run and its evidence. Refused while it is open; OutsideFailed where the folder cannot be changed.

        It leaves the list in one step: a kill in between leaves files that the next deletion removes.
        """
        self.require(run_id)
        folder = self.runs / run_id
        self.open(run_id).close()
        gone = self.runs / f"{GONE}{run_id}"
        try:
            shutil.rmtree(gone, ignore_errors=True)
            os.rename(folder, gone)
        except OSError as error:
            raise disk_problem(folder, error) from error
        for left in self.runs.glob(f"{GONE}*"):
            if left.is_symlink():
                left.unlink(missing_ok=True)
            else:
                shutil.rmtree(left, ignore_errors=True)
