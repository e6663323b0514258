"""What the operating system enforces: the child dies with its parent and leaves the machine its memory."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

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


def resident_bytes() -> int | None:
    """Resident memory of this process; None where the system has no /proc."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, AttributeError):
        return None
