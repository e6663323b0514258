"""A program in a pseudo-terminal of 80x24, as the benches of the wizard need it. POSIX only."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping

ROWS, COLUMNS = 24, 80


class Terminal:
    """Starts `argv` and reads what it draws."""

    def __init__(self, argv: list[str], env: Mapping[str, str]) -> None:
        self.began = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
            fcntl.ioctl(sys.__stdin__.fileno() if sys.__stdin__ else 0, termios.TIOCSWINSZ, size)
            os.execvpe(argv[0], argv, {**os.environ, "TERM": "xterm-256color", **env})
        self.drawn = b""

    def until(self, done: Callable[[bytes], bool], limit_s: float = 120.0) -> float:
        """Reads until `done(everything drawn so far)`; seconds since the start.

        TimeoutError after `limit_s`, RuntimeError where the program ends before; both with what it drew last.
        """
        while not done(self.drawn):
            if time.perf_counter() - self.began > limit_s:
                raise TimeoutError(self.drawn[-2000:])
            if select.select([self._fd], [], [], 0.1)[0]:
                try:
                    self.drawn += os.read(self._fd, 65_536)
                except OSError:
                    raise RuntimeError(f"the program ended: {self.drawn[-4000:]!r}") from None
        return time.perf_counter() - self.began

    def press(self, key: bytes) -> None:
        os.write(self._fd, key)

    def close(self, key: bytes = b"\x11") -> None:
        """Leaves the program by a key (ctrl+q); kills it if that does not help within five seconds."""
        with contextlib.suppress(OSError):
            self.press(key)
        deadline = time.perf_counter() + 5
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.perf_counter() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                break
            with contextlib.suppress(OSError):
                if select.select([self._fd], [], [], 0.02)[0]:
                    os.read(self._fd, 65_536)
        os.close(self._fd)
