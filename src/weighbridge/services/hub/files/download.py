"""One file of the Hub, whole and checked, or an unfinished part of it that the next attempt goes on with.

The Hub's client starts every download anew and compares sizes only; a file of zeros of the right size would load.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock, Timeout

from weighbridge.domain.problems import HubProblem
from weighbridge.services.atomic import disk_problem
from weighbridge.services.hub.files.part_file import PartFile
from weighbridge.services.hub.files.places import require_space
from weighbridge.services.hub.files.ranges import content_range, require_plain
from weighbridge.services.hub.files.retry import WAITS_S, Patience, Transient, answer, body, cut_off
from weighbridge.services.hub.files.transfer import Transfer
from weighbridge.services.model_file import Cancelled

if TYPE_CHECKING:
    import httpx2 as httpx

_TICK_S = 0.1
_POLL_S = 0.1
_AGAIN = "try again later, or download the file by other means and give its path"


class Source(NamedTuple):
    """`about`: the file as a person reads it. `size` and `sha256` as the Hub declares them; None and empty: not."""

    url: str
    about: str
    size: int | None
    sha256: str


class Ticker:
    """Passes progress on at most ten times a second."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        self._progress = progress
        self._due = 0.0

    def __call__(self, done: int, total: int | None, last: bool = False) -> None:
        if self._progress is None or total is None or (not last and time.monotonic() < self._due):
            return
        self._due = time.monotonic() + _TICK_S
        self._progress(done, total)


@contextmanager
def turn(lock_path: Path, part: Path, source: Source, tick: Ticker, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Waits until no other weighbridge writes the part, showing how far that one is. Raises Cancelled.

    The lock stays where it is: whoever removes one may take it from under another's feet.
    """
    lock = FileLock(lock_path)
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            with suppress(OSError):
                tick(part.stat().st_size, source.size)
        except OSError as error:
            raise disk_problem(part, error) from error
        if cancelled():
            raise Cancelled
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        lock.release()


class Download:
    """Brings one part file to its end. The caller holds its lock."""

    def __init__(
        self,
        source: Source,
        part: PartFile,
        tick: Ticker,
        cancelled: Callable[[], bool],
        waits: Sequence[float] = WAITS_S,
    ) -> None:
        self._source = source
        self._part = part
        self._tick = tick
        self._cancelled = cancelled
        self._patience = Patience(cancelled, waits)
        self._size = source.size
        self._most = 0
        self._restarted = False

    def run(self) -> None:
        """Fetches what is missing and compares the digest. The part stays where it was unless it is wrong.

        Raises HubProblem, OutsideFailed or Cancelled. A part of an earlier attempt that turns out to be damaged
        is fetched anew, once.
        """
        self._part.recall(lambda done: self._tick(done, self._size), self._cancelled)
        resumed = self._part.size > 0
        self._complete()
        if resumed and not self._restarted and not self._is_right():
            self._restart()
            self._complete()
        if not self._is_right():
            self._part.remove()
            raise HubProblem(
                "digest",
                f"{self._source.about}: what came is not the file that the Hub declares (SHA-256"
                f" {self._part.sha256[:12]}… instead of {self._source.sha256[:12]}…)",
                "it was removed; try again, and if it happens again, something between here and the Hub changes it",
            )
        self._tick(self._part.size, self._size, last=True)

    def _is_right(self) -> bool:
        return self._source.sha256 in ("", self._part.sha256)

    def _complete(self) -> None:
        if self._size is not None and self._part.size > self._size:
            self._restart()
        while self._part.size != self._size:
            try:
                self._attempt()
            except Transient as failure:
                if self._part.size > self._most:
                    self._most = self._part.size
                    self._patience.progressed()
                self._patience.wait(failure)

    def _restart(self) -> None:
        self._part.restart()
        self._restarted = True

    def _attempt(self) -> None:
        """One request. Returns at the end of the file, or when the part has to begin anew."""
        have = self._part.size
        asked = {"Range": f"bytes={have}-"} if have else {}
        with Transfer(self._source.url, asked, self._cancelled) as transfer:
            response = answer(transfer, self._source.about, (200, 206, 416) if have else (200, 206))
            if not self._goes_on(response, have):
                if self._restarted and response.status_code != 200:
                    raise self._nonsense("sends other bytes than were asked for")
                self._restart()
                if response.status_code != 200:
                    return
            require_space(self._part.path.parent, self._size - have if self._size else 0, self._source.about)
            for block in body(transfer, self._source.about):
                self._take(block)
        if self._size is not None and self._part.size < self._size:
            raise Transient(cut_off(self._source.about))

    def _goes_on(self, response: httpx.Response, have: int) -> bool:
        """Whether the answer's first byte is the one that is missing. HubProblem where it is of another file."""
        if response.status_code == 416:
            return False
        require_plain(response, self._source.about)
        if response.status_code == 200:
            self._learn_size(response.headers.get("content-length", ""))
            return have == 0
        held = content_range(response)
        if held is None:
            return False
        self._learn_size(str(held.total))
        return held.start == have and held.end == held.total

    def _learn_size(self, announced: str) -> None:
        if not announced.isdecimal():
            if self._size is None:
                raise self._nonsense("does not say how long the file is")
        elif self._size is None:
            self._size = int(announced)
        elif int(announced) != self._size:
            raise self._nonsense(f"has {int(announced):,} bytes where the Hub declares {self._size:,}")

    def _take(self, block: bytes) -> None:
        assert self._size is not None
        if self._part.size + len(block) > self._size:
            self._restart()
            raise self._nonsense(f"sends more than the {self._size:,} bytes that it announced")
        self._part.append(block)
        self._tick(self._part.size, self._size)

    def _nonsense(self, what: str) -> HubProblem:
        return HubProblem("nonsense", f"{self._source.about}: the server {what}", _AGAIN)
