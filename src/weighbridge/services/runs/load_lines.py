"""`load.jsonl` of a run folder: the requests of its load tests, a line each, appended as they end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from weighbridge.domain.load.records import LoadRequest
from weighbridge.domain.problems import OutsideFailed
from weighbridge.services.atomic import disk_problem

NAME = "load.jsonl"


class LoadLines:
    """The file, open for appending. A torn last line of a killed program is ended first, and ignored when read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            size = os.fstat(self._fd).st_size
            if size and os.pread(self._fd, 1, size - 1) != b"\n":
                os.write(self._fd, b"\n")
        except OSError as error:
            raise disk_problem(self._path, error) from error

    def append(self, request: LoadRequest) -> None:
        """Adds one request. OutsideFailed where the disk is full."""
        line = request.model_dump_json(exclude_defaults=True).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._fd, line) :]
        except OSError as error:
            raise disk_problem(self._path, error) from error

    def close(self) -> None:
        """On the disk, then closed."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise disk_problem(self._path, error) from error
        finally:
            os.close(self._fd)


def read_load(folder: Path, load_id: str) -> Iterator[LoadRequest]:
    """The requests of one load test in the order of their ends; nothing where there are none.

    OutsideFailed, naming the line, where one that is whole is no request of a load test.
    """
    path = folder / NAME
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                request = LoadRequest.model_validate_json(line)
            except ValidationError:
                if not line.endswith(b"}\n"):
                    continue  # torn by a kill
                raise OutsideFailed(
                    f"{path}, line {number}, is no request of a load test.",
                    "Measure the load once more; the new test does not need the old lines.",
                ) from None
            if request.load == load_id:
                yield request
