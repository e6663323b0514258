"""A server in the test's own event loop whose answers the test writes, and a clock whose hand the test moves."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

HEAD = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n\r\n"


class HandClock:
    """Stands at `now`. `asked`: at which times it was looked at."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[float] = []

    def __call__(self) -> float:
        self.asked.append(self.now)
        return self.now

    async def until_asked_at(self, now: float) -> None:
        """Sets the clock, and waits until somebody has looked at it."""
        self.now = now
        async with asyncio.timeout(30):
            while now not in self.asked:
                await asyncio.sleep(0)


class HandServer:
    """Each request is answered by its head alone, and then by what `send` is given."""

    def __init__(self, kind: str = "text/event-stream", encrypted: ssl.SSLContext | None = None) -> None:
        self._head, self._encrypted = HEAD.format(kind).encode(), encrypted
        self._writers: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        self._served: list[asyncio.Task[Any] | None] = []
        self.root = ""

    async def asked(self) -> HandAnswer:
        """The next request, as soon as it has come."""
        async with asyncio.timeout(30):
            return HandAnswer(await self._writers.get())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))
            writer.write(self._head)
            self._writers.put_nowait(writer)
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._encrypted)
        self.root = f"http{'s' if self._encrypted else ''}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        async with asyncio.timeout(30):
            await asyncio.gather(*(task for task in self._served if task))


class HandAnswer:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, *parts: bytes) -> None:
        """In one write, each part as a chunk of the body."""
        self._writer.write(b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts))

    def end(self) -> None:
        self._writer.write(b"0\r\n\r\n")
