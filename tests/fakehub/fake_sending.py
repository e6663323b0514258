"""Bodies of a fake Hub: from memory or straight from the disk, in ranges, and spoiled where a fault says so."""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Iterator
from typing import BinaryIO

from fakehub.fake_faults import Fault
from fakehub.fake_repo import FakeFile

_STEP = 4 << 20
_SMALL_STEP = 64 << 10
_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


class Dropped(Exception):
    """The connection is to be closed in the middle of an answer."""


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last; None: the whole file. ValueError: it begins behind the end."""
    found = _RANGE.match(header or "")
    if not found:
        return None
    start = int(found[1])
    if start >= size:
        raise ValueError("no such range")
    return start, min(int(found[2]) + 1, size) if found[2] else size


class Sender:
    """Sends one body over one connection and counts what it sent."""

    def __init__(self, connection: socket.socket, fault: Fault, stopped: threading.Event) -> None:
        self._connection = connection
        self._fault = fault
        self._stopped = stopped
        self.sent = 0

    def send(self, file: FakeFile, start: int, end: int) -> Iterator[int]:
        """Yields the bytes sent with each piece, before it goes: whoever has read it finds it counted.

        Raises Dropped, OSError.
        """
        fault = self._fault
        plain = fault.drop_after is fault.stall_after is fault.bytes_per_s is fault.flip_at is None
        if isinstance(file.data, bytes):
            yield from self._pieces(memoryview(file.data), start, end)
        else:
            with file.data.open("rb") as source:
                yield from self._by_kernel(source, start, end) if plain else self._pieces(source, start, end)
        yield self.sent + len(fault.extra)
        self._put(memoryview(fault.extra))

    def _by_kernel(self, source: BinaryIO, start: int, end: int) -> Iterator[int]:
        while start < end:
            most = min(_STEP, end - start)
            yield self.sent + most
            n = os.sendfile(self._connection.fileno(), source.fileno(), start, most)
            if n == 0:
                raise Dropped
            start += n
            self.sent += n

    def _pieces(self, source: memoryview | BinaryIO, start: int, end: int) -> Iterator[int]:
        fault = self._fault
        while start < end:
            self._pause()
            n = min(_SMALL_STEP, end - start, *self._to_next_fault())
            piece = _read(source, start, n)
            if fault.flip_at is not None and start <= fault.flip_at < start + n:
                spoiled = bytearray(piece)
                spoiled[fault.flip_at - start] ^= 0xFF
                piece = memoryview(spoiled)
            yield self.sent + n
            self._put(piece)
            start += n
            if fault.bytes_per_s and self._stopped.wait(n / fault.bytes_per_s):
                raise Dropped
        self._pause()

    def _to_next_fault(self) -> list[int]:
        marks = (self._fault.drop_after, self._fault.stall_after)
        return [mark - self.sent for mark in marks if mark is not None and mark > self.sent]

    def _pause(self) -> None:
        if self.sent == self._fault.drop_after:
            raise Dropped
        if self.sent == self._fault.stall_after:
            stall(self._fault)

    def _put(self, piece: memoryview) -> None:
        self._connection.sendall(piece)
        self.sent += len(piece)


def stall(fault: Fault) -> None:
    fault.reached.set()
    fault.release.wait()


def _read(source: memoryview | BinaryIO, start: int, n: int) -> memoryview:
    if isinstance(source, memoryview):
        return source[start : start + n]
    source.seek(start)
    return memoryview(source.read(n))
