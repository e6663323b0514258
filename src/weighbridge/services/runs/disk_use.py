"""What the data folder takes on the disk. Links are counted as links: nothing outside is looked at."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from weighbridge.domain.base import Record

KEPT_ANSWERS, DOWNLOADS = "hub", "models"


class Place(Record):
    """A folder or file below the data folder, and its bytes."""

    name: str
    bytes: int


class DiskUse(Record):
    """Bytes of everything below the data folder. `downloads`: model files, `cache`: kept answers of the Hub."""

    runs: tuple[Place, ...]
    downloads: tuple[Place, ...]
    cache_bytes: int
    other_bytes: int
    free_bytes: int | None

    @property
    def runs_bytes(self) -> int:
        return sum(place.bytes for place in self.runs)

    @property
    def downloads_bytes(self) -> int:
        return sum(place.bytes for place in self.downloads)

    @property
    def total_bytes(self) -> int:
        return self.runs_bytes + self.downloads_bytes + self.cache_bytes + self.other_bytes


def size_of(path: Path) -> int:
    """Bytes of a file, or of every file below a folder; a link counts as itself, what cannot be read as nothing."""
    return sum(size for _, size in _files(path))


def disk_use(home: Path, run_ids: tuple[str, ...]) -> DiskUse:
    """The data folder, parted into the runs, the downloads, the cache and the rest."""
    runs = tuple(Place(name=run_id, bytes=size_of(home / "runs" / run_id)) for run_id in run_ids)
    models = home / DOWNLOADS
    downloads = tuple(
        Place(name=path.relative_to(models).as_posix(), bytes=size)
        for path, size in sorted(_files(models), key=lambda file: -file[1])
        if size >= 1 << 10
    )
    cache = size_of(home / KEPT_ANSWERS)
    parted = sum(place.bytes for place in (*runs, *downloads)) + cache
    return DiskUse(
        runs=runs,
        downloads=downloads,
        cache_bytes=cache,
        other_bytes=max(0, size_of(home) - parted),
        free_bytes=_free(home),
    )


def _files(top: Path) -> Iterator[tuple[Path, int]]:
    """Every file with its size. `top` itself is not followed either."""
    with suppress(OSError):
        status = os.lstat(top)
        if not stat.S_ISDIR(status.st_mode):
            yield top, status.st_size
            return
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder) / name
                with suppress(OSError):
                    yield path, os.lstat(path).st_size


def _free(home: Path) -> int | None:
    """Free bytes of the disk; None where the folder is not there, or the system does not tell."""
    try:
        found = os.statvfs(home)
    except (OSError, AttributeError):
        return None
    return found.f_bavail * found.f_frsize
