"""What the operating system enforces: the child dies with its parent and leaves the machine its memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator

_PR_SET_PDEATHSIG = 1
"""prctl(2)."""


def die_with_parent(parent: int) -> bool:
    """Asks Linux to kill this process when `parent` ends; False where the parent is gone already.

    Elsewhere the end of standard input does the same, a moment later.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        return os.getppid() == parent
    return True


def limit_resources(address_space_bytes: int | None) -> None:
    """No core dump (it would hold the prompt), and at most so much address space, where limits exist."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if address_space_bytes is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = address_space_bytes if hard == resource.RLIM_INFINITY else min(address_space_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


@contextlib.contextmanager
def address_space(more: int) -> Iterator[None]:
    """At most `more` bytes beyond what this process has now, where the system can limit that; afterwards as before."""
    taken = _pages(0)
    if sys.platform == "win32" or taken is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = taken + more
    resource.setrlimit(resource.RLIMIT_AS, (most if soft == resource.RLIM_INFINITY else min(most, soft), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def resident_bytes() -> int | None:
    """Resident memory of this process; None where the system does not tell it."""
    resident = _pages(1)
    return _told_by_psutil() if resident is None else resident


def _told_by_psutil() -> int | None:
    """Where there is no /proc. Imported here alone: on Linux the child goes without it."""
    import psutil

    try:
        return int(psutil.Process().memory_info().rss)
    except (psutil.Error, OSError):
        return None


def _pages(column: int) -> int | None:
    """A figure of statm (proc(5)) in bytes: 0 the address space, 1 what is resident."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[column]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError, ValueError, IndexError):
        return None
