"""The network below the HTTP client, on asyncio's transports: it knows when the bytes of an answer came.

A read's stamp is the clock's time right after the event loop took its bytes from the socket, decrypted where they were
encrypted; not the moment at which a parser reaches them. Pieces of one read share it. Readers get their bytes in turn,
one at each turn of the event loop: what arrives for one answer is stamped before the next answer is parsed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpcore2
import httpx2

from weighbridge.domain.proof.runtime import Clock

MOST_HELD_BYTES = 1024 * 1024
"""What is taken from the socket before a reader wants it; the rest waits in the system, and then at the server."""
EARLIER_ADDRESS_S = 0.25
"""How long the first of a host's addresses has before the next is tried beside it (RFC 8305)."""
_READ_T = "read_t"


def read_t(response: httpx2.Response) -> float:
    """When the newest bytes that were taken of a streamed answer had come, seconds of the clock."""
    return cast(float, response.extensions["network_stream"].get_extra_info(_READ_T))


class StampingTransport(httpx2.AsyncHTTPTransport):
    """HTTP over connections that stamp what they read."""

    def __init__(self, clock: Clock, verify: ssl.SSLContext, limits: httpx2.Limits) -> None:
        super().__init__(verify, trust_env=False, limits=limits)
        self._pool._network_backend = StampingBackend(clock)  # for which httpx2 has no argument


class StampingBackend(httpcore2.AsyncNetworkBackend):
    """Connects. Of time-outs only those for connecting and encrypting are kept: an answer's are the caller's."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._turns = clock, Turns()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Connection:
        with _connecting():
            async with asyncio.timeout(timeout):
                _, made = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._clock, self._turns),
                    host,
                    port,
                    happy_eyeballs_delay=EARLIER_ADDRESS_S,
                    local_addr=(local_address, 0) if local_address else None,
                )
        return made


class Turns:
    """Wakes one reader at each turn of the event loop, in the order of their coming."""

    def __init__(self) -> None:
        self._due: deque[asyncio.Future[None]] = deque()

    def give(self, reader: asyncio.Future[None]) -> None:
        self._due.append(reader)
        if len(self._due) == 1:
            reader.get_loop().call_soon(self._next)

    def _next(self) -> None:
        reader = self._due.popleft()
        if not reader.done():
            reader.set_result(None)
        if self._due:
            reader.get_loop().call_soon(self._next)


class Connection(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection: what has come, each read with its stamp, and what is to be sent."""

    _transport: asyncio.Transport

    def __init__(self, clock: Clock, turns: Turns) -> None:
        self._clock, self._turns = clock, turns
        self._held: deque[tuple[float, bytes]] = deque()
        self._held_bytes = 0
        self._reader: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = False
        self._error: Exception | None = None
        self._read_t: float | None = None

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._held.append((self._clock(), data))
        self._held_bytes += len(data)
        if self._held_bytes > MOST_HELD_BYTES:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost, self._error = True, exc
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _wake(self) -> None:
        if self._reader is not None:
            self._turns.give(self._reader)
            self._reader = None

    # What the HTTP library asks.

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The bytes of one read of the socket, or their beginning; empty at the end. httpcore2.ReadError."""
        self._reader = turn = asyncio.get_running_loop().create_future()
        if self._held or self._lost:
            self._wake()
        await turn
        if not self._held:
            if self._error is not None:
                raise httpcore2.ReadError(str(self._error)) from self._error
            return b""
        self._read_t, data = self._held.popleft()
        if len(data) > max_bytes:
            self._held.appendleft((self._read_t, data[max_bytes:]))
            data = data[:max_bytes]
        self._held_bytes -= len(data)
        if self._held_bytes <= MOST_HELD_BYTES:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """httpcore2.WriteError where the connection has ended."""
        self._transport.write(buffer)
        await self._writable.wait()
        if self._lost:
            raise httpcore2.WriteError("The connection has ended.") from self._error

    async def aclose(self) -> None:
        self._transport.abort()
        await asyncio.sleep(0)  # the socket is closed at the next turn

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> Connection:
        """httpcore2.ConnectError, also where words came before, in the clear: nobody knows whose they are."""
        if self._held or self._lost:
            raise httpcore2.ConnectError("The server did not wait for the encryption.")
        loop = asyncio.get_running_loop()
        with _connecting():
            async with asyncio.timeout(timeout):
                made = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        assert made is not None
        self._transport = made
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == _READ_T:
            return self._read_t
        if info == "is_readable":
            return bool(self._held or self._lost)
        return self._transport.get_extra_info(info)


@contextmanager
def _connecting() -> Iterator[None]:
    """Why there is no connection, as the HTTP library tells it. The cause stays with it: UnicodeError where a name is
    none that can be looked up."""
    try:
        yield
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout from error
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(str(error)) from error
