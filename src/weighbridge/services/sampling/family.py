"""A process with all that it has started, read as one: servers keep their model in a child of the one that listens."""

from __future__ import annotations

from dataclasses import fields
from typing import cast

import psutil

from weighbridge.services.sampling.linux import LinuxProcess
from weighbridge.services.sampling.portable import PortableProcess, on_linux
from weighbridge.services.sampling.reading import ProcessSource, Reading, Unshared

_CUMULATIVE = ("minor_faults", "major_faults", "cpu_s", "run_delay_s", "involuntary_switches")
"""What a process that has ended keeps in the sum, so that it never shrinks."""
_PEAK = "of several processes there is no common high-water mark"


class ProcessFamily:
    """The process `pid` and its descendants as one `ProcessSource`.

    Sizes are sums over those that live: pages that several of them map are counted for each, PSS aside. Gone when the
    process itself is, whatever it leaves behind.
    """

    def __init__(self, pid: int) -> None:
        self._root = _source(pid)
        self._children: dict[int, ProcessSource] = {}
        self._last: dict[int, Reading] = {}
        self._ended = dict.fromkeys(_CUMULATIVE, 0.0)
        self._pid = pid

    def read(self) -> Reading | None:
        root = self._root.read()
        if root is None:
            return None
        self._look()
        readings = {self._pid: root}
        readings |= {pid: told for pid, source in self._children.items() if (told := source.read()) is not None}
        for pid in self._last.keys() - readings.keys():
            for name in _CUMULATIVE:
                self._ended[name] += getattr(self._last[pid], name) or 0
        self._last = readings
        return self._sum()

    def unshared(self) -> Unshared:
        """Sums of USS and PSS; None where one of them does not tell."""
        told = [source.unshared() for source in (self._root, *self._children.values())]
        uss, pss = [each.uss_bytes for each in told], [each.pss_bytes for each in told]
        return Unshared(
            uss_bytes=None if None in uss else sum(cast(list[int], uss)),
            pss_bytes=None if None in pss else sum(cast(list[int], pss)),
        )

    def reason(self, field: str) -> str:
        return _PEAK if field == "peak_rss_bytes" and self._children else self._root.reason(field)

    def _look(self) -> None:
        """Who belongs to the family at this moment."""
        try:
            pids = {child.pid for child in psutil.Process(self._pid).children(recursive=True)}
        except (psutil.Error, OSError):
            return
        self._children = {pid: self._children.get(pid) or _source(pid) for pid in pids}

    def _sum(self) -> Reading:
        summed: dict[str, float | None] = {}
        for field in fields(Reading):
            values = [getattr(reading, field.name) for reading in self._last.values()]
            summed[field.name] = None if None in values else sum(values) + self._ended.get(field.name, 0)
        if len(self._last) > 1:
            summed["peak_rss_bytes"] = None
        return Reading(**{name: _exact(name, value) for name, value in summed.items()})  # type: ignore[arg-type]


def _exact(name: str, value: float | None) -> float | None:
    """Seconds keep their fraction; sizes and counts are whole."""
    return value if value is None or name.endswith("_s") else int(value)


def _source(pid: int) -> ProcessSource:
    return LinuxProcess(pid) if on_linux() else PortableProcess(pid)
