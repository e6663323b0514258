"""The beginning of a file on the Hub, read by HTTP ranges: the header of a model without its weights.

RFC 9110, section 14: a server may answer a Range request with the whole file (200). Here that is refused unread.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from weighbridge.domain.problems import HubProblem
from weighbridge.domain.text import clean_line
from weighbridge.services.hub.files.retry import Patience, Transient, answer, body, cut_off
from weighbridge.services.hub.files.transfer import Transfer
from weighbridge.services.hub.telling import told_when_slow

if TYPE_CHECKING:
    import httpx2 as httpx

FIRST = 64 << 10
"""The first range: it holds the hyper-parameters, which stand before the vocabulary."""
WAITS_S = (0.5, 1.0)
LONGEST_WAIT_S = 3.0
"""Somebody looks at the screen until the header is here: a longer pause that the server asks for is told at once."""
LIMIT_S = 30.0
"""Longest time for one range with all its attempts; 1 MiB at most unless a single value is longer."""
WHOLE = 4
"""By so many times of that the whole header is here, or the server does not answer in time."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)", re.ASCII)
_AGAIN = "try again later, or download the file by other means and give its path"


class ContentRange(NamedTuple):
    """`start` and `end` (exclusive) of what an answer holds, and the whole file's size, in bytes."""

    start: int
    end: int
    total: int


def content_range(response: httpx.Response) -> ContentRange | None:
    """None where the answer does not say what it holds."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    return ContentRange(int(found[1]), int(found[2]) + 1, int(found[3])) if found else None


def require_plain(response: httpx.Response, about: str) -> None:
    """HubProblem where the body is compressed, so that its bytes are not the file's."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise HubProblem("nonsense", f"{about}: the server sends it encoded as {clean_line(encoding, 40)}", _AGAIN)


class RangeReader:
    """The first bytes of a file, fetched as far as they are asked for; nothing is fetched twice.

    `size`: what the Hub declares, or None; then the server's first answer tells. Raises HubProblem or Cancelled.
    """

    def __init__(
        self,
        url: str,
        about: str,
        size: int | None,
        cancelled: Callable[[], bool],
        waits: Sequence[float] = WAITS_S,
        limit_s: float | None = None,
    ) -> None:
        """`limit_s` replaces LIMIT_S."""
        self._url = url
        self._about = about
        self._cancelled = cancelled
        self._waits = waits
        self._limit_s = LIMIT_S if limit_s is None else limit_s
        self._end = time.monotonic() + WHOLE * self._limit_s
        self._size = size
        self._data = bytearray()

    @property
    def fetched_bytes(self) -> int:
        return len(self._data)

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        if self._size is None:
            self._fetch(FIRST)
        assert self._size is not None
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`, fewer where the file ends."""
        end = min(offset + count, self.size)
        if end > len(self._data):
            self._fetch(end)
        return bytes(memoryview(self._data)[offset:end])

    def _fetch(self, end: int) -> None:
        patience = Patience(self._cancelled, self._waits, LONGEST_WAIT_S)
        deadline = min(self._end, time.monotonic() + self._limit_s)
        with told_when_slow(f"the header of {self._about}"):
            while True:
                try:
                    self._data += self._range(len(self._data), end, deadline - time.monotonic())
                    return
                except Transient as failure:
                    if time.monotonic() >= deadline:
                        raise failure.problem from failure
                    patience.wait(failure)

    def _range(self, start: int, end: int, limit_s: float) -> bytes:
        asked = {"Range": f"bytes={start}-{end - 1}"}
        with Transfer(self._url, asked, self._cancelled, limit_s) as transfer:
            response = answer(transfer, self._about, (200, 206))
            end = self._agreed(response, start, end)
            data = bytearray()
            for block in body(transfer, self._about):
                data += block
                if len(data) > end - start:
                    raise self._nonsense("sends more bytes than were asked for")
        if len(data) < end - start:
            raise Transient(cut_off(self._about))
        return bytes(data)

    def _agreed(self, response: httpx.Response, start: int, end: int) -> int:
        """Where the answered range ends. HubProblem unless it is the one that was asked for."""
        if response.status_code == 200:
            raise HubProblem(
                "no_ranges",
                f"{self._about}: this server sends whole files only, so the header cannot be read by itself",
                "download the whole file first; it is weighed from the file then",
            )
        require_plain(response, self._about)
        held = content_range(response)
        if held is None:
            raise self._nonsense("does not say which bytes it sends")
        if self._size is not None and held.total != self._size:
            raise self._nonsense(f"has a file of {held.total:,} bytes where the Hub declares {self._size:,}")
        end = min(end, held.total)
        if (held.start, held.end) != (start, end):
            raise self._nonsense(
                f"sends bytes {held.start:,} to {held.end:,} where {start:,} to {end:,} were asked for"
            )
        self._size = held.total
        return end

    def _nonsense(self, what: str) -> HubProblem:
        return HubProblem("nonsense", f"{self._about}: the server {what}", _AGAIN)
