"""One process and its machine as the operating system sees them, read a few times a second."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

from weighbridge.domain.proof.events import Sample
from weighbridge.domain.proof.runtime import Clock

_KIB = 1024


class Sampler:
    """Reads memory and processor use of one process. Percentages are means since the sample before."""

    def __init__(self, pid: int, clock: Clock) -> None:
        self._pid = pid
        self._clock = clock
        self._first = True
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.Error:
            self._process = None

    def sample(self) -> Sample | None:
        """The reading of this moment; None where the process is gone. The first has no percentages yet."""
        if self._process is None:
            return None
        t = self._clock()
        try:
            with self._process.oneshot():
                memory = self._process.memory_info()
                cpu = self._process.cpu_percent()
            status = _status(Path(f"/proc/{self._pid}/status"))
            switches = self._involuntary_switches()
        except (psutil.Error, OSError):
            return None
        machine = psutil.cpu_percent()
        first, self._first = self._first, False
        return Sample(
            t=t,
            rss_bytes=status.get("VmRSS", memory.rss),
            rss_anon_bytes=status.get("RssAnon"),
            rss_file_bytes=status.get("RssFile"),
            peak_rss_bytes=status.get("VmHWM", getattr(memory, "peak_wset", None)),
            cpu_percent=None if first else cpu,
            machine_percent=None if first else machine,
            load1=load1(),
            involuntary_switches=switches,
        )

    def _involuntary_switches(self) -> int | None:
        """Summed over the threads on Linux, where the kernel counts each thread apart."""
        tasks = Path(f"/proc/{self._pid}/task")
        if tasks.is_dir():
            return sum(_switches(task / "status") for task in tasks.iterdir())
        try:
            return int(self._process.num_ctx_switches().involuntary) if self._process else None
        except (psutil.Error, NotImplementedError, AttributeError):
            return None


def _status(path: Path) -> dict[str, int]:
    """The sizes in /proc/PID/status, in bytes; empty on systems without such a file."""
    if sys.platform != "linux":
        return {}
    fields = (line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return {field[0].rstrip(":"): int(field[1]) * _KIB for field in fields if field[2:] == ["kB"]}


def _switches(path: Path) -> int:
    """Involuntary switches of one thread; 0 for a thread that ended meanwhile."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(text.rpartition("nonvoluntary_ctxt_switches:")[2])


def load1() -> float | None:
    """Load average of the last minute; None on systems that keep none."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None
