"""The unfinished file of a download: bytes in order from the first, and their running SHA-256.

Its name carries the digest that the whole file must have, so that parts of different files are never mixed. It stays
where it is when a download ends early, by a wish, a failure or a kill, and the next attempt goes on behind it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from weighbridge.services.atomic import disk_problem
from weighbridge.services.model_file import CHUNK, Cancelled

_FLAGS = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_BEHIND = 8
"""Most blocks that wait to be hashed."""
_FLUSH = 32 << 20
"""Bytes after which they are brought to the disk."""


class _Flusher:
    """Brings a file to the disk while it is written: the last flush cannot be interrupted, so it must be short."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._thread = ThreadPoolExecutor(1, "flusher")
        self._running: Future[None] | None = None
        self._waiting = 0

    def wrote(self, count: int) -> None:
        """Raises OSError where an earlier flush failed."""
        self._waiting += count
        if self._waiting < _FLUSH or (self._running and not self._running.done()):
            return
        if self._running:
            self._running.result()
        self._running = self._thread.submit(os.fsync, self._fd)
        self._waiting = 0

    def finish(self) -> None:
        """Returns when all is on the disk. Raises OSError."""
        if self._running:
            self._running.result()
        os.fsync(self._fd)

    def leave(self) -> None:
        """Waits for nothing."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class PartFile:
    """Every failure of the disk is raised as OutsideFailed, and leaves what is written. A context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._digest = hashlib.sha256()
        self._hasher = ThreadPoolExecutor(1, "hasher")
        self._hashing: deque[Future[None]] = deque()
        with self._disk():
            self._fd = os.open(path, _FLAGS, 0o644)
            if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                os.close(self._fd)
                raise OSError(errno.EEXIST, "something that is no regular file has this name")
        self._flusher = _Flusher(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flusher.leave()
        self._hasher.shutdown()
        self._close()

    @property
    def sha256(self) -> str:
        """Of all bytes so far, 64 hex digits."""
        self._catch_up()
        return self._digest.hexdigest()

    def recall(self, progress: Callable[[int], None], cancelled: Callable[[], bool]) -> None:
        """Takes in what an earlier attempt left; `progress` hears again and again how much that is. Raises Cancelled.

        It hears the whole of it from the start: bytes that are read again must not look like bytes that are fetched.
        """
        with self._disk():
            left = os.fstat(self._fd).st_size
            while piece := os.read(self._fd, CHUNK):
                self._digest.update(piece)
                self.size += len(piece)
                progress(left)
                if cancelled():
                    raise Cancelled

    def append(self, block: bytes) -> None:
        """Writes a block. It is hashed in another thread, which releases the interpreter as writing does."""
        if len(self._hashing) == _BEHIND:
            self._hashing.popleft().result()
        self._hashing.append(self._hasher.submit(self._digest.update, block))
        left = memoryview(block)
        with self._disk():
            while left:
                left = left[os.write(self._fd, left) :]
            self._flusher.wrote(len(block))
        self.size += len(block)

    def restart(self) -> None:
        """Forgets everything: the next byte is the file's first."""
        self._catch_up()
        with self._disk():
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
        self.size = 0
        self._digest = hashlib.sha256()

    def finish(self, target: Path) -> None:
        """The whole, checked file gets its name, once its bytes are on the disk."""
        with self._disk():
            self._flusher.finish()
            self._close()
            os.replace(self.path, target)
            _sync_folder(target.parent)

    def remove(self) -> None:
        self._close()
        with suppress(OSError):
            self.path.unlink()

    def _catch_up(self) -> None:
        while self._hashing:
            self._hashing.popleft().result()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise disk_problem(self.path, error) from error


def _sync_folder(folder: Path) -> None:
    """Makes a new name durable; where folders cannot be opened or flushed, the system does it in its own time."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
