"""What a fake Hub may do wrong: each fault belongs to one server, and to the requests that it names."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field


@dataclass
class Fault:
    """One misbehaviour. Byte counts are those of the answer's body; offsets are those of the file."""

    where: str = ""
    """Regular expression, searched in `METHOD path?query`."""
    times: int | None = None
    """How many requests it spoils; None: all."""
    status: int | None = None
    """Answers with this status instead."""
    error_code: str = ""
    error_message: str = ""
    """X-Error-Code and X-Error-Message of that answer."""
    wait_s: int | None = None
    """Seconds until a rate limit ends (with status 429)."""
    body: bytes | None = None
    """Answers with this body instead, with `status` or 200."""
    content_type: str = "text/html; charset=utf-8"
    """Of `body`."""
    headers: dict[str, str] = field(default_factory=dict)
    """More headers of any answer; these win."""
    stall_before: bool = False
    """Sends nothing until `release` is set."""
    stall_after: int | None = None
    """Sends so many bytes, then nothing until `release` is set."""
    bytes_per_s: int | None = None
    drop_after: int | None = None
    """Closes the connection after so many bytes."""
    flip_at: int | None = None
    """Flips all bits of the byte at this offset of the file."""
    ignore_range: bool = False
    content_length: int | None = None
    """Announces this length instead of the real one."""
    omit_length: bool = False
    """Announces no length: `body` is then chunked by hand, or ends with the connection."""
    extra: bytes = b""
    """Sent after the body."""
    release: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    """Set as soon as a request met this fault; for a stall, as soon as it stalls."""

    def takes(self, line: str) -> bool:
        """Whether this request is spoiled; counts it. The caller holds the server's lock."""
        if self.times == 0 or not re.search(self.where, line):
            return False
        if self.times is not None:
            self.times -= 1
        return True


NO_FAULT = Fault(times=0)
