"""Reading forward through an untrusted header: every length is checked before anything is read for it."""

from __future__ import annotations

import struct
from collections.abc import Callable

from weighbridge.domain.problems import BadInput

ReadAt = Callable[[int, int], bytes]
"""`read_at(offset, n)` gives exactly `n` bytes from `offset`, or fewer where the file ends."""

MAX_HEADER = 64 << 20
AGAIN = "download or copy the file again and compare its size or SHA-256 with the source's"
REJECTED = "use another file: no tool that follows the GGUF specification writes this"

_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")


class Cursor:
    """Reads forward in growing blocks, so that a file or a server is asked a few times only."""

    def __init__(self, read_at: ReadAt, size: int) -> None:
        self._read_at = read_at
        self.size = size
        self.position = 0
        self._block = b""
        self._block_start = 0
        self._step = 64 << 10

    def expect(self, count: int) -> None:
        """Raises BadInput unless `count` more bytes can follow."""
        end = self.position + count
        if end > self.size:
            raise BadInput(f"the file is cut short: its header runs past its {self.size:,} bytes", AGAIN)
        if end > MAX_HEADER:
            raise BadInput(f"the header is larger than {MAX_HEADER >> 20} MiB", REJECTED)

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start = self._ready(count)
        self.position += count
        return self._block[start : start + count]

    def _ready(self, count: int) -> int:
        """Where in the block the position is, with `count` bytes from there at hand."""
        self.expect(count)
        start = self.position - self._block_start
        if start + count > len(self._block):
            wanted = min(max(count, self._step), self.size - self.position)
            self._block = self._read_at(self.position, wanted)
            if len(self._block) != wanted:
                raise BadInput("the file became shorter while it was read", AGAIN)
            self._block_start, start = self.position, 0
            self._step = min(self._step * 4, 1 << 20)
        return start

    def skip(self, count: int) -> None:
        self.expect(count)
        self.position += count

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.take(8))[0])

    def text(self, limit: int, what: str) -> str:
        length = self.u64()
        if length > limit:
            raise BadInput(f"the header has {what} of {length:,} bytes (at most {limit:,})", REJECTED)
        return self.take(length).decode("utf-8", "replace")

    def skip_texts(self, count: int) -> None:
        """Steps over `count` strings; a vocabulary has hundreds of thousands, so the loop is flat."""
        while count:
            at = self._ready(8)
            block, last = self._block, len(self._block) - 8
            while count and at <= last:
                at += 8 + _U64.unpack_from(block, at)[0]
                count -= 1
            self.skip(self._block_start + at - self.position)
