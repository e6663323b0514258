"""One process as Linux tells it in /proc; see proc_pid_status(5), proc_pid_stat(5) and proc_pid_smaps(5).

Files are read by system calls: Python's file objects cost more than the kernel's answer.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress

from weighbridge.services.sampling.reading import Reading, Unshared

_MOST = 16_384
"""Bytes read of one file: each has less."""
_MOST_DIGITS = 19
_MINOR, _MAJOR, _USER, _SYSTEM = 7, 9, 11, 12
"""Fields of /proc/PID/stat, counted from the one after the name of the program."""
_SIZES = re.compile(
    rb"^(VmHWM|VmRSS|VmSwap|RssAnon|RssFile|Pss|Private_Clean|Private_Dirty|Private_Hugetlb):[ \t]*(\d{1,15}) kB$",
    re.MULTILINE,
)
"""Lines of sizes, of /proc/PID/status and /proc/PID/smaps_rollup. One search is ten times faster than all lines."""
_SWITCHES = b"nonvoluntary_ctxt_switches:"
_REASONS = {
    "run_delay_s": "this kernel keeps no /proc/PID/task/*/schedstat",
    "involuntary_switches": "this kernel counts none in /proc/PID/task/*/status",
    "uss_bytes": "/proc/PID/smaps_rollup cannot be read",
    "pss_bytes": "/proc/PID/smaps_rollup cannot be read",
    "minor_faults": "/proc/PID/stat has no such field",
    "major_faults": "/proc/PID/stat has no such field",
    "cpu_s": "/proc/PID/stat has no such field",
}


class LinuxProcess:
    """The process `pid`. `root` is the folder of processes."""

    def __init__(self, pid: int, root: str = "/proc") -> None:
        self._folder = f"{root}/{pid}"
        self._tick = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._delay_ns = _Threads()
        self._switches = _Threads()

    def read(self) -> Reading | None:
        status = _sizes(self._text("status"))
        rss = status.get(b"VmRSS") or self._resident()
        if not rss:
            return None
        counts = self._text("stat").rpartition(b")")[2].split()
        user, system = _at(counts, _USER), _at(counts, _SYSTEM)
        threads = self._names("task")
        delay_ns = self._delay_ns.sum({name: self._delay(name) for name in threads})
        return Reading(
            rss_bytes=rss,
            rss_anon_bytes=status.get(b"RssAnon"),
            rss_file_bytes=status.get(b"RssFile"),
            peak_rss_bytes=status.get(b"VmHWM"),
            swap_bytes=status.get(b"VmSwap"),
            minor_faults=_at(counts, _MINOR),
            major_faults=_at(counts, _MAJOR),
            cpu_s=None if user is None or system is None else round((user + system) / self._tick, 3),
            run_delay_s=None if delay_ns is None else round(delay_ns / 1e9, 6),
            involuntary_switches=self._switches.sum({name: self._switched(name) for name in threads}),
        )

    def unshared(self) -> Unshared:
        """USS: pages that no other process maps. PSS: those, and its share of the others."""
        rollup = _sizes(self._text("smaps_rollup"))
        clean, dirty = rollup.get(b"Private_Clean"), rollup.get(b"Private_Dirty")
        huge = rollup.get(b"Private_Hugetlb", 0)
        return Unshared(
            uss_bytes=None if clean is None or dirty is None else clean + dirty + huge,
            pss_bytes=rollup.get(b"Pss"),
        )

    def reason(self, field: str) -> str:
        return _REASONS.get(field, "/proc/PID/status has no such line")

    def _resident(self) -> int | None:
        """Where /proc/PID/status does not tell it; 0 for a process that has ended and waits for its parent."""
        pages = _at(self._text("statm").split(), 1)
        return None if pages is None else pages * self._page

    def _delay(self, thread: str) -> int | None:
        """Nanoseconds that one thread was ready to run and had no core."""
        return _at(self._text(f"task/{thread}/schedstat").split(), 1)

    def _switched(self, thread: str) -> int | None:
        return _at(self._text(f"task/{thread}/status").rpartition(_SWITCHES)[2].split(), 0)

    def _text(self, name: str) -> bytes:
        """A file of the process; empty where it is gone or not for us."""
        try:
            file = os.open(f"{self._folder}/{name}", os.O_RDONLY)
        except OSError:
            return b""
        try:
            return os.read(file, _MOST)
        except OSError:
            return b""
        finally:
            os.close(file)

    def _names(self, name: str) -> list[str]:
        with suppress(OSError):
            return os.listdir(f"{self._folder}/{name}")
        return []


class _Threads:
    """A counter summed over threads. A thread that has ended keeps what it had, so that the sum never shrinks."""

    def __init__(self) -> None:
        self._ended = 0
        self._alive: dict[str, int] = {}

    def sum(self, counts: dict[str, int | None]) -> int | None:
        """None where no living thread tells it."""
        told = {name: count for name, count in counts.items() if count is not None}
        if not told:
            return None
        self._ended += sum(count for name, count in self._alive.items() if name not in told)
        self._alive = told
        return self._ended + sum(told.values())


def _sizes(text: bytes) -> dict[bytes, int]:
    """Bytes by name, of the lines `name: 123 kB` that are of use. The first of a name counts."""
    return {name: int(size) * 1024 for name, size in reversed(_SIZES.findall(text))}


def _at(words: list[bytes], index: int) -> int | None:
    """A count among words; None where there is none."""
    word = words[index] if len(words) > index else b""
    return int(word) if word.isdigit() and len(word) <= _MOST_DIGITS else None
