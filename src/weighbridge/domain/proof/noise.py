"""Whether a run was quiet or contended: by a rule that is printed, from what the system said while it ran."""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.base import Record

Mark = Literal["quiet", "contended", "unknown"]


class Noise(Record):
    """The mark of one job, with the figures it rests on. None: this system does not tell."""

    mark: Mark
    reasons: tuple[str, ...]
    """Sentences; for `quiet` empty, for `unknown` what could not be read."""
    others_percent: float | None = None
    """Mean while requests were worked on, of one core: processor time taken by others."""
    steal_percent: float | None = None
    """Mean, of all cores: taken by the hypervisor."""
    run_delay_percent: float | None = None
    """Time that ready threads waited for a core, of the processor time that they got."""
    involuntary_per_cpu_s: float | None = None
    """Involuntary context switches a second of processor time."""
    cpu_over_wall: float | None = None
    """Processor seconds of the child over the seconds of its requests: near the number of threads in a quiet run."""
