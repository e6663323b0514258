"""The ledger of rentals: one file each below the data folder, on the disk before a provider is asked to start it.

Whatever ends the program, the next start finds here what may still cost money. A file is never deleted.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout
from pydantic import ValidationError

from weighbridge.domain.problems import BadInput, OutsideFailed, Refused
from weighbridge.domain.serving.rental import Rental
from weighbridge.services.atomic import disk_problem, write_atomic

FOLDER = "rentals"
_ID = re.compile(r"[0-9a-z-]{6,64}")


class Page(NamedTuple):
    """What the ledger holds of one id; `rental` is None where the file is damaged."""

    id: str
    rental: Rental | None


class Ledger:
    """All rentals of one data folder, of every run."""

    def __init__(self, home: Path) -> None:
        self.folder = home / FOLDER

    def save(self, rental: Rental) -> None:
        """Puts a rental on the disk: file and folder are flushed before this returns. OutsideFailed."""
        path = self._path(rental.order.id)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_problem(self.folder, error) from error
        write_atomic(path, rental.model_dump_json(indent=1).encode())
        _flush(self.folder)
        _flush(self.folder.parent)

    def load(self, order_id: str) -> Rental | None:
        """The rental of an id; None where there is none, or it is damaged."""
        try:
            return Rental.model_validate_json(self._path(order_id).read_bytes())
        except (OSError, ValidationError):
            return None

    def pages(self) -> tuple[Page, ...]:
        """Every rental, the newest first."""
        names = sorted((path.stem for path in self.folder.glob("*.json") if _ID.fullmatch(path.stem)), reverse=True)
        return tuple(Page(name, self.load(name)) for name in names)

    def hold(self, order_id: str) -> FileLock | None:
        """Marks a rental as in use by this program until it is released or the program ends; None: another uses it."""
        lock = FileLock(self._path(order_id).with_suffix(".lock"))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            return None
        except OSError as error:
            raise disk_problem(self.folder, error) from error
        return lock

    def in_use(self, order_id: str) -> bool:
        """Whether a running weighbridge, this one or another, holds it; not where the disk lets nobody hold any."""
        try:
            lock = self.hold(order_id)
        except OutsideFailed:
            return False
        if lock is not None:
            lock.release()
        return lock is None

    def require_free(self, order_id: str) -> FileLock:
        """Holds it. Refused where another weighbridge does."""
        lock = self.hold(order_id)
        if lock is None:
            rental = self.load(order_id)
            name = (rental.job_id if rental is not None else "") or order_id
            raise Refused(
                f"The rental {name} is in use by another weighbridge.", "Close that one: it stops the rental."
            )
        return lock

    def _path(self, order_id: str) -> Path:
        if not _ID.fullmatch(order_id):
            raise BadInput("That is no rental.", "`weighbridge jobs` lists them.")
        return self.folder / f"{order_id}.json"


def _flush(folder: Path) -> None:
    """A new name in a folder is on the disk only once the folder is. Systems that cannot do so are left alone."""
    try:
        fd = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(fd)
    except OSError:
        return
    finally:
        os.close(fd)
