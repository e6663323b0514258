"""The machine as the operating system tells it. Neither host name nor user name is read."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
from collections.abc import Callable
from importlib import metadata
from math import floor
from pathlib import Path
from typing import TypeVar

import psutil

from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.text import clean_line
from weighbridge.services.cgroup import cpu_quota, memory_room

PACKAGES = ("llama-cpp-python", "numpy", "psutil", "pydantic", "textual")
T = TypeVar("T")


def _ask(question: Callable[[], T]) -> T | None:
    """The answer, or None where this system does not give it."""
    try:
        return question()
    except (OSError, ValueError, AttributeError, NotImplementedError, psutil.Error, RuntimeError):
        return None


def machine_facts(folder: Path) -> MachineFacts:
    """Facts of this moment; free disk space is that of the folder's disk."""
    memory = _ask(psutil.virtual_memory)
    swap = _ask(psutil.swap_memory)
    load = _ask(os.getloadavg)
    return MachineFacts(
        cpu_model=_cpu_model(),
        physical_cores=_ask(lambda: psutil.cpu_count(logical=False)),
        logical_cores=_ask(lambda: psutil.cpu_count(logical=True)),
        usable_cores=usable_threads(),
        memory_bytes=memory.total if memory else None,
        available_bytes=_available(memory.available if memory else None),
        swap_bytes=swap.total if swap else None,
        disk_free_bytes=_ask(lambda: shutil.disk_usage(folder).free),
        load1=round(load[0], 2) if load else None,
        operating_system=_operating_system(),
        architecture=platform.machine(),
        python=platform.python_version(),
        versions=_versions(),
    )


def usable_threads() -> int:
    """Physical cores that this process may really use: at most its affinity and its container's quota.

    The most threads that a sweep tries: two on one core share its arithmetic units and gain nothing.
    A quota is rounded down: with a thread more, the kernel stops all of them for a part of every period.
    """
    quota = cpu_quota()
    limits = [
        _ask(lambda: psutil.cpu_count(logical=False)),
        _ask(lambda: len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else None,
        max(1, floor(quota)) if quota is not None else None,
        os.cpu_count(),
    ]
    return max(1, min((n for n in limits if n), default=1))


def _available(machine: int | None) -> int | None:
    """Available memory of the machine, or what a container's limit leaves of it."""
    return min((room for room in (machine, memory_room()) if room is not None), default=None)


def _operating_system() -> str:
    """Distribution, if it names itself, and kernel."""
    kernel = f"{platform.system()} {platform.release()}"
    name = (_ask(platform.freedesktop_os_release) or {}).get("PRETTY_NAME")
    return clean_line(f"{name}, {kernel}" if name else kernel, 120)


def _cpu_model() -> str | None:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return clean_line(line.partition(":")[2], 120)
    return clean_line(platform.processor(), 120) or None


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found
