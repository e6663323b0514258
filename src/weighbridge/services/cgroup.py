"""What a container or a service manager leaves this process: its control groups' limits on processor and memory.

A limit holds for a group and everything below it, so every group from the process's own up to the root counts.
Version 2: https://docs.kernel.org/admin-guide/cgroup-v2.html, version 1: .../cgroup-v1/memory.html.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

MOUNT = Path("sys/fs/cgroup")


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Cores' worth of time that the tightest group allows, for example 1.5; None without a limit."""
    quotas = []
    for group in _groups(root, "cpu"):
        quota, _, period = (_read(group / "cpu.max") or "").partition(" ")
        if not period:
            quota, period = _read(group / "cpu.cfs_quota_us") or "", _read(group / "cpu.cfs_period_us") or ""
        if quota.isdigit() and period.isdigit() and int(period):
            quotas.append(int(quota) / int(period))
    return min(quotas, default=None)


def memory_room(root: Path = Path("/")) -> int | None:
    """Bytes that the tightest group still allows; None without a limit.

    File pages that nobody used lately are counted as in use by the kernel but are given back when needed, so they
    count as room, as they do in MemAvailable.
    """
    rooms = []
    for group in _groups(root, "memory"):
        limit = _read(group / "memory.max") or _read(group / "memory.limit_in_bytes") or ""
        used = _read(group / "memory.current") or _read(group / "memory.usage_in_bytes") or ""
        if limit.isdigit() and used.isdigit():
            rooms.append(max(0, int(limit) - int(used) + _inactive_file(group)))
    return min(rooms, default=None)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Folders of the groups that this process is in, its own first. Version 2 has one tree for all controllers."""
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if number == "0" and not names:
            base = root / MOUNT
        elif controller in names.split(","):
            base = root / MOUNT / controller
        else:
            continue
        own = base / path.lstrip("/")
        yield own
        yield from (parent for parent in own.parents if parent == base or base in parent.parents)


def _inactive_file(group: Path) -> int:
    for line in (_read(group / "memory.stat") or "").splitlines():
        name, _, value = line.partition(" ")
        if name in ("inactive_file", "total_inactive_file") and value.isdigit():
            return int(value)
    return 0


def _read(path: Path) -> str | None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8").strip()
    return None
