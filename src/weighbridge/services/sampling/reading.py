"""What can be read of one process, whatever the system. None: it does not tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Reading:
    """Sizes in bytes; the rest counts from the start of the process. Field names are those of `Sample`."""

    rss_bytes: int
    rss_anon_bytes: int | None = None
    rss_file_bytes: int | None = None
    peak_rss_bytes: int | None = None
    swap_bytes: int | None = None
    minor_faults: int | None = None
    major_faults: int | None = None
    cpu_s: float | None = None
    run_delay_s: float | None = None
    involuntary_switches: int | None = None


@dataclass(frozen=True)
class Unshared:
    """Bytes. Costly to ask: the system walks the whole page table."""

    uss_bytes: int | None = None
    pss_bytes: int | None = None


class ProcessSource(Protocol):
    """One process of one kind of system."""

    def read(self) -> Reading | None:
        """The reading of this moment; None where the process is gone."""
        ...

    def unshared(self) -> Unshared: ...

    def reason(self, field: str) -> str:
        """Why a field of the readings is None."""
        ...
