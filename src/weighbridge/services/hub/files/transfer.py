"""One GET in a thread of its own.

A blocking read cannot be interrupted, so it is not the caller's: whoever waits may leave at any moment, also from a
name that does not resolve or a server that says nothing. The thread never touches the disk, so nothing is written
after its caller has left.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from weighbridge import __version__
from weighbridge.services.hub.client import session, token
from weighbridge.services.model_file import Cancelled

if TYPE_CHECKING:
    import httpx2 as httpx
    from httpcore2 import NetworkStream

CONNECT_S = 10.0
READ_S = 20.0
"""Longest silence of a server."""
HEAD_S = 60.0
"""Longest time until an answer begins, redirects and name look-ups included."""
BLOCK = 1 << 20
"""Most bytes of one read, and of one write to the disk."""
_DEPTH = 4
_POLL_S = 0.05
_GATHER_S = 0.02
_ERROR_BODY = 64 << 10


class Transfer:
    """An answer that is being received. A context manager: leaving it ends the thread and the connection.

    `limit_s`: longest time for the whole answer, its beginning included; None: only silence ends it.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        cancelled: Callable[[], bool],
        limit_s: float | None = None,
    ) -> None:
        self._url = url
        self._headers = {**headers, "Accept-Encoding": "identity"}
        self._cancelled = cancelled
        self._end = float("inf") if limit_s is None else time.monotonic() + limit_s
        self._deadline = min(self._end, time.monotonic() + HEAD_S)
        self._items: queue.Queue[httpx.Response | bytes | Exception | None] = queue.Queue(_DEPTH)
        self._stop = threading.Event()
        self._body_wanted = threading.Event()
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self._run, name="transfer", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._body_wanted.set()
        if self._socket is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # past TLS: its own thread still reads

    def head(self) -> httpx.Response:
        """Status and headers, after redirects. The body of an error is in it; any other waits for `blocks`.

        Raises Cancelled, TimeoutError, and what the HTTP client raises.
        """
        response = self._next()
        assert response is not None and not isinstance(response, bytes)
        self._deadline = self._end
        return response

    def blocks(self) -> Iterator[bytes]:
        """The body, at most 1 MiB at a time. Raises like `head`."""
        self._body_wanted.set()
        while block := self._next():
            assert isinstance(block, bytes)
            yield block

    def _next(self) -> httpx.Response | bytes | None:
        while True:
            if self._cancelled():
                raise Cancelled
            try:
                item = self._items.get(timeout=_POLL_S)
            except queue.Empty:
                if time.monotonic() > self._deadline:
                    raise TimeoutError("no answer in time") from None
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def _run(self) -> None:
        try:
            self._receive()
            self._put(None)
        except Exception as error:
            self._put(error)

    def _receive(self) -> None:
        http = session()
        from huggingface_hub.utils import build_hf_headers, httpx

        headers = build_hf_headers(token=token() or False, library_name="weighbridge", library_version=__version__)
        headers |= self._headers
        limits = httpx.Timeout(READ_S, connect=CONNECT_S)
        with http.stream("GET", self._url, headers=headers, timeout=limits) as response:
            self._socket = response.extensions["network_stream"].get_extra_info("socket")
            if response.status_code >= 400:
                self._put(_whole(response))
                return
            self._put(response)
            self._body_wanted.wait()
            if self._stop.is_set():
                return
            for block in _gathered(_pieces(response), self._items.empty):
                if not self._put(block):
                    return

    def _put(self, item: httpx.Response | bytes | Exception | None) -> bool:
        """False where nobody wants it any more."""
        while not self._stop.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=_POLL_S)
                return True
        return False


def _whole(response: httpx.Response) -> httpx.Response:
    """An error's answer with the first 64 KiB of its body, apart from its connection."""
    from huggingface_hub.utils import httpx

    body = b""
    for piece in response.iter_raw():
        body += piece
        if len(body) >= _ERROR_BODY:
            break
    kept = {name: value for name, value in response.headers.items() if name != "content-encoding"}
    return httpx.Response(response.status_code, headers=kept, content=body[:_ERROR_BODY], request=response.request)


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    """The body as it comes. Of known length it is read past the HTTP parser, which copies every byte three times.

    What the parser has read already is its first piece; all that follows is still in the connection.
    """
    pieces = response.iter_raw()
    left = response.headers.get("content-length", "")
    if not left.isdecimal() or "transfer-encoding" in response.headers:
        yield from pieces
        return
    missing = int(left)
    if missing and (first := next(pieces, b"")):
        missing -= len(first)
        yield first
    stream = response.extensions["network_stream"]
    while missing > 0 and (piece := _read(stream, min(missing, BLOCK))):
        missing -= len(piece)
        yield piece


def _read(stream: NetworkStream, count: int) -> bytes:
    """At most `count` bytes; none where the server has hung up."""
    import httpcore2
    from huggingface_hub.utils import httpx

    try:
        return stream.read(count, READ_S)
    except httpcore2.TimeoutException as error:
        raise httpx.ReadTimeout(str(error)) from error
    except httpcore2.NetworkError as error:
        raise httpx.ReadError(str(error)) from error


def _gathered(pieces: Iterable[bytes], waited_for: Callable[[], bool]) -> Iterator[bytes]:
    """Blocks of about 1 MiB; smaller ones fifty times a second while somebody waits. A failure loses nothing."""
    block: list[bytes] = []
    size = 0
    due = 0.0
    try:
        for piece in pieces:
            block.append(piece)
            size += len(piece)
            if size >= BLOCK or (waited_for() and time.monotonic() >= due):
                yield b"".join(block)
                block, size, due = [], 0, time.monotonic() + _GATHER_S
    except Exception:
        if block:
            yield b"".join(block)
        raise
    if block:
        yield b"".join(block)
