"""The child's end of the wire: one JSON event a line, and the state that its threads share."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii
from typing import Any

EXIT_UNLOADED = 0
"""Model and context were freed before the end."""
EXIT_STOPPED = 3
"""Asked to stop in the middle of a native call: ended without waiting for it."""
EXIT_REFUSED = 4
"""The file or a request was refused; a `failed` event says why."""
EXIT_TIME_LIMIT = 5
"""The wall clock of the launch ran out in the middle of a native call."""
EXIT_ORPHAN = 6
"""The parent is gone."""

TEMPLATE_LIMIT_S = 3.0
"""CPU seconds after which the interpreter gives up on a chat template; an ordinary one takes a thousandth."""
TEMPLATE_HARD_LIMIT_S = 6.0
"""CPU seconds after which the system ends the process by SIGPROF: native code that never returns to the interpreter."""
HEARTBEAT_S = 0.5
GATHER_S = 0.25
"""Tokens that appear within this time leave together: each write wakes the reader, on a core that may be ours, and what
makes an event of a token is out of the processor's caches after each pass over the weights. The panel is painted half
as often."""
TIME_LIMIT_GRACE_S = 2.0
"""How long after the limit a request may take to end by itself, between two tokens."""


_JSON = json.JSONEncoder(separators=(",", ":"))
"""Made once: json.dumps with separators makes one for every call, which took longer than the rest of an event."""


class Refused(Exception):
    """The engine does not take this file or this prompt; the text is a sentence for a person."""


def encode(event: dict[str, Any]) -> bytes:
    """One event as one line; ASCII, so that no reader can disagree about line ends."""
    return _JSON.encode(event).encode("ascii") + b"\n"


@dataclass
class State:
    """What the working thread tells the heartbeat, and what the reading thread tells the worker."""

    phase: str = "start"
    progress: int = 0
    stopping: bool = False
    deadline: float = float("inf")
    """On the clock of `Wire.now`."""


class Answer:
    """Tokens on their way. `waiting` is filled by the working thread and emptied by whichever thread writes."""

    def __init__(self, request: str) -> None:
        self.index = 0
        self.waiting: deque[tuple[float, bytes]] = deque()
        self._name = encode_basestring_ascii(request)
        self._text = codecs.getincrementaldecoder("utf-8")("replace")

    def told(self) -> bytes:
        """The lines of what waits. Put together by hand: a general encoder takes seven times as long."""
        lines = []
        while self.waiting:
            t, piece = self.waiting.popleft()
            said = encode_basestring_ascii(self._text.decode(piece))
            lines.append(f'{{"event":"token","t":{t:.6f},"request":{self._name},"index":{self.index},"text":{said}}}\n')
            self.index += 1
        return "".join(lines).encode("ascii")


@dataclass
class Wire:
    """Writes events. `zero` is the reading of `time.perf_counter()` at the start of the job.

    That clock is system-wide: parent and child read the same one, so a token's time is taken where the token
    appears and needs no correction.
    """

    descriptor: int
    zero: float
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _answer: Answer | None = None
    _written: float = 0.0

    def now(self) -> float:
        """Seconds since the start of the job."""
        return time.perf_counter() - self.zero

    def send(self, event: str, t: float, **fields: Any) -> None:
        """Writes one whole line."""
        self._write(encode({"event": event, "t": round(t, 6), **fields}))

    def begin(self, request: str) -> None:
        """The tokens that follow answer this request."""
        self.flush()
        self._answer = Answer(request)

    def token(self, t: float, piece: bytes) -> None:
        """A `token` event, with its bytes. The first one leaves at once, later ones with those of the same moment;
        whatever else is sent takes them along.
        """
        assert self._answer is not None
        self._answer.waiting.append((t, piece))
        if t - self._written >= GATHER_S or self._answer.index == 0:
            self.flush()

    def flush(self) -> None:
        """Sends what was gathered."""
        self._write(b"")

    def _write(self, line: bytes) -> None:
        """Ends the process where nobody reads any more."""
        try:
            with self._lock:
                if self._answer is not None:
                    line = self._answer.told() + line
                self._written = self.now()
                while line:
                    line = line[os.write(self.descriptor, line) :]
        except OSError:
            os._exit(EXIT_ORPHAN)


def beat(wire: Wire, state: State) -> None:
    """Runs for ever in a thread: tells twice a second that the child lives, and enforces the wall clock.

    Native calls release the interpreter's lock, so the beat goes on during them; whether they get anywhere is
    seen by `progress`. A beat that finds no memory is left out: somebody else is about to be told.
    """
    while True:
        t = wire.now()
        if t > state.deadline + TIME_LIMIT_GRACE_S:
            os._exit(EXIT_TIME_LIMIT)
        with contextlib.suppress(MemoryError):
            wire.send("heartbeat", t, phase=state.phase, progress=state.progress)
        time.sleep(HEARTBEAT_S)
