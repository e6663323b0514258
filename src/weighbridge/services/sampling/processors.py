"""Processor time of the whole machine, from counters of the operating system."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import psutil

_STAT = "/proc/stat"
_FIELDS = 8
"""user nice system idle iowait irq softirq steal; see proc_stat(5). Guests are counted in user already."""
_IDLE = ("idle", "iowait")


@dataclass(frozen=True)
class ProcessorTime:
    """Seconds since the machine was started, summed over its cores. `steal_s` None: this system does not tell."""

    busy_s: float
    idle_s: float
    steal_s: float | None

    @property
    def total_s(self) -> float:
        return self.busy_s + self.idle_s + (self.steal_s or 0.0)


@dataclass(frozen=True)
class Shares:
    """Between two readings. `busy_s` in seconds, the percentages of all cores, 0..100."""

    busy_s: float
    machine_percent: float
    steal_percent: float | None


def processor_time() -> ProcessorTime | None:
    """The counters of this moment; None where they cannot be read."""
    return _linux() if sys.platform == "linux" else _portable()


def shares(before: ProcessorTime | None, after: ProcessorTime | None) -> Shares | None:
    """What was done between two readings; None where no time passed by the system's own counters, or one is missing."""
    if before is None or after is None:
        return None
    total = after.total_s - before.total_s
    if total <= 0:
        return None
    busy = max(0.0, after.busy_s - before.busy_s)
    steal = None if before.steal_s is None or after.steal_s is None else max(0.0, after.steal_s - before.steal_s)
    return Shares(
        busy_s=busy,
        machine_percent=_percent(busy, total),
        steal_percent=None if steal is None else _percent(steal, total),
    )


def load1() -> float | None:
    """Load average of the last minute; None on systems that keep none."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def _percent(part: float, whole: float) -> float:
    return round(min(100.0, 100 * part / whole), 1)


def _linux() -> ProcessorTime | None:
    try:
        fd = os.open(_STAT, os.O_RDONLY)
        try:
            line = os.read(fd, 4096).partition(b"\n")[0].split()
        finally:
            os.close(fd)
        ticks = [int(field) for field in line[1 : _FIELDS + 1]]
        tick = os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None
    if line[:1] != [b"cpu"] or len(ticks) < 4:
        return None
    user, nice, system, idle, iowait, irq, softirq, *steal = ticks + [0] * (_FIELDS - 1 - len(ticks))
    return ProcessorTime(
        busy_s=(user + nice + system + irq + softirq) / tick,
        idle_s=(idle + iowait) / tick,
        steal_s=steal[0] / tick if steal else None,
    )


def _portable() -> ProcessorTime | None:
    """Through psutil, whose fields depend on the system; what is neither idle nor stolen is busy.

    Windows counts interrupts and DPCs in its system time too.
    """
    try:
        times = psutil.cpu_times()._asdict()
    except (OSError, psutil.Error, RuntimeError):
        return None
    apart = {*_IDLE, "steal", "guest", "guest_nice", "interrupt", "dpc"}
    return ProcessorTime(
        busy_s=sum(seconds for name, seconds in times.items() if name not in apart),
        idle_s=sum(times.get(name, 0.0) for name in _IDLE),
        steal_s=times.get("steal"),
    )
