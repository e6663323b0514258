"""A real pseudo-terminal with the real wizard in it: keys go in, what it paints is drained, kill -9 is possible."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

DEADLINE_S = 120.0
"""Generous: a busy machine is slow, not wrong."""

NEXT, START, QUIT = b"\x0e", b"\x12", b"\x11"


def wait_until(what: str, condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Returns once the condition holds; AssertionError with `what` at the deadline."""
    end = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end, f"not within {deadline_s:.0f} s: {what}"
        time.sleep(0.01)


class Terminal:
    """`with Terminal(home, "--run", ID) as wizard:`; `wizard.painted` is every byte it wrote."""

    def __init__(self, home: Path, *arguments: str, columns: int = 80, rows: int = 24) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {
            **os.environ,
            "WEIGHBRIDGE_HOME": str(home),
            "TERM": "xterm-256color",
            "TEXTUAL_ANIMATIONS": "none",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "weighbridge", *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=home, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.painted = b""
        self._done = threading.Event()
        self._drain = threading.Thread(target=self._read, daemon=True)
        self._drain.start()

    def _read(self) -> None:
        while not self._done.is_set():
            if select.select([self._ours], [], [], 0.05)[0]:
                try:
                    self.painted += os.read(self._ours, 65_536)
                except OSError:
                    return

    def send(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def wait_for(self, text: str) -> None:
        wait_until(f"{text!r} on the screen", lambda: text.encode() in self.painted)

    def hang_up(self) -> None:
        """The terminal is gone, and no signal says so."""
        self._done.set()
        self._drain.join()
        os.close(self._ours)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.kill()
        if not self._done.is_set():
            self.hang_up()
