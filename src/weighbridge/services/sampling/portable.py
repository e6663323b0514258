"""One process through psutil: macOS, Windows, the BSDs. They tell less than Linux, and it is said why."""

from __future__ import annotations

import sys

import psutil

from weighbridge.services.sampling.reading import Reading, Unshared

_ONLY_LINUX = "this system does not tell it of another process"
_REASONS = {
    "run_delay_s": "only Linux counts how long ready threads wait for a core",
    "rss_anon_bytes": "this system does not split resident memory by what is behind it",
    "rss_file_bytes": "this system does not split resident memory by what is behind it",
    "pss_bytes": "only Linux divides shared pages among their users",
    "swap_bytes": "this system does not tell what of a process is in swap",
    "involuntary_switches": "this system does not part involuntary switches from the others",
    "minor_faults": "this system does not part page faults by whether a disk was needed",
    "major_faults": "this system does not part page faults by whether a disk was needed",
    "uss_bytes": "the system did not allow it, or does not tell it",
}


class PortableProcess:
    """The process `pid`.

    psutil's involuntary switches are left out: on macOS and Windows it fills in 0 for what the system does not count.
    """

    def __init__(self, pid: int) -> None:
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except (psutil.Error, OSError):
            self._process = None

    def read(self) -> Reading | None:
        if self._process is None:
            return None
        try:
            with self._process.oneshot():
                memory = self._process.memory_info()
                times = self._process.cpu_times()
        except (psutil.Error, OSError):
            return None
        if not memory.rss:
            return None
        all_faults, major = getattr(memory, "pfaults", None), getattr(memory, "pageins", None)
        return Reading(
            rss_bytes=memory.rss,
            peak_rss_bytes=getattr(memory, "peak_wset", None),
            minor_faults=None if all_faults is None or major is None else max(0, all_faults - major),
            major_faults=major,
            cpu_s=round(times.user + times.system, 3),
        )

    def unshared(self) -> Unshared:
        if self._process is None:
            return Unshared()
        try:
            full = self._process.memory_full_info()
        except (psutil.Error, OSError, NotImplementedError):
            return Unshared()
        return Unshared(uss_bytes=getattr(full, "uss", None))

    def reason(self, field: str) -> str:
        return _REASONS.get(field, _ONLY_LINUX)


def on_linux() -> bool:
    """Whether /proc tells more than psutil."""
    return sys.platform == "linux"
