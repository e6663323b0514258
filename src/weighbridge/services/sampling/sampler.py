"""One process and its machine, read a few times a second, with the cost of reading them."""

from __future__ import annotations

import os
import time
from typing import Any

from weighbridge.domain.proof.runtime import Clock
from weighbridge.domain.proof.samples import Sample, Sensors
from weighbridge.services.sampling.linux import LinuxProcess
from weighbridge.services.sampling.pace import MOST_SAMPLES
from weighbridge.services.sampling.portable import PortableProcess, on_linux
from weighbridge.services.sampling.processors import ProcessorTime, load1, processor_time, shares
from weighbridge.services.sampling.reading import ProcessSource, Reading, Unshared
from weighbridge.services.sampling.surroundings import frequency

SAMPLE_INTERVAL_S = 0.2
"""Wished time between two samples."""
CLOSER_S = 1.0
"""Least time between two closer looks."""
CLOSER_SHARE = 0.002
"""Of one core: what closer looks may take. The larger the process, the seldomer they are."""
MOST_CARRIED = -20.0
"""Percent of one core: two steps of 0.01 s, twice, within 0.2 s."""


class Sampler:
    """Reads memory and processor use of one process. Percentages are means since the sample before.

    `source`: reads the process; by default as this system does it best. A closer look (USS, PSS, frequency) costs
    far more than a sample, may block, and is therefore asked for apart; the sample after it has its figures.
    """

    def __init__(self, pid: int, clock: Clock, source: ProcessSource | None = None) -> None:
        self._clock = clock
        self._source: ProcessSource = source or (LinuxProcess(pid) if on_linux() else PortableProcess(pid))
        self._before: tuple[float, Reading, ProcessorTime | None, float] | None = None
        self._carried = 0.0
        self._closer: tuple[Unshared, float | None] = (Unshared(), None)
        self._next_closer: float | None = None
        self._cost_s = 0.0

    def sensors(self, interval_s: float) -> Sensors | None:
        """What this system tells at all; None where the process is gone already. May take a moment."""
        reading = self._source.read()
        if reading is None:
            return None
        missing: dict[str, str] = {}
        mhz = frequency(missing)
        known = vars(reading) | vars(self._source.unshared()) | {"frequency_mhz": mhz, "load1": load1()}
        missing |= {f: self._source.reason(f) for f, value in known.items() if value is None and f not in missing}
        processors = processor_time()
        if known["load1"] is None:
            missing["load1"] = "this system keeps no load average"
        if processors is None:
            missing |= dict.fromkeys(("machine_percent", "others_percent"), "the system's counters cannot be read")
        if processors is None or processors.steal_s is None:
            missing["steal_percent"] = "this system does not count it"
        return Sensors(
            t=self._clock(),
            interval_s=interval_s,
            missing=missing,
            cores=os.cpu_count(),
            most_samples=MOST_SAMPLES,
        )

    def closer_due(self) -> bool:
        """Whether `look_closer` may be called again, by what it cost the last time."""
        return self._next_closer is None or self._clock() >= self._next_closer

    def look_closer(self) -> None:
        """Reads what is costly, for the next sample. Blocks for milliseconds with a large process: use a thread."""
        began = time.thread_time()
        self._closer = (self._source.unshared(), frequency())
        cost = time.thread_time() - began
        self._cost_s += cost
        self._next_closer = self._clock() + max(CLOSER_S, cost / CLOSER_SHARE)

    def sample(self) -> Sample | None:
        """The reading of this moment; None where the process is gone. The first has no percentages yet."""
        began = time.thread_time()
        t, own_s = self._clock(), time.process_time()
        reading = self._source.read()
        if reading is None:
            return None
        processors = processor_time()
        percentages = self._percentages(t, reading, processors, own_s)
        self._before = (t, reading, processors, own_s)
        (unshared, mhz), self._closer = self._closer, (Unshared(), None)
        sample = Sample(
            t=t,
            **vars(reading),
            **vars(unshared),
            **percentages,
            load1=load1(),
            frequency_mhz=mhz,
            cost_s=round(self._cost_s + time.thread_time() - began, 6),
        )
        self._cost_s += time.thread_time() - began
        return sample

    def _percentages(
        self, t: float, reading: Reading, processors: ProcessorTime | None, own_s: float
    ) -> dict[str, Any]:
        """Means since the sample before; of one core, `machine_percent` and `steal_percent` of all."""
        if self._before is None or t <= self._before[0]:
            return {}
        then, before, processors_before, own_before = self._before
        seconds = t - then
        cpu = None
        if reading.cpu_s is not None and before.cpu_s is not None:
            cpu = 100 * max(0.0, reading.cpu_s - before.cpu_s) / seconds
        own = 100 * max(0.0, own_s - own_before) / seconds
        did = shares(processors_before, processors)
        others = None if did is None or cpu is None else self._others(100 * did.busy_s / seconds - cpu - own)
        return {
            "cpu_percent": _rounded(cpu),
            "own_percent": _rounded(own),
            "others_percent": _rounded(others),
            "machine_percent": did and did.machine_percent,
            "steal_percent": did and did.steal_percent,
        }

    def _others(self, rest: float) -> float:
        """What is left for others, never below 0. Systems count in steps of about 0.01 s, so that a short reading may
        be too low: the next one makes up for it, and the mean stays right."""
        rest += self._carried
        self._carried = min(0.0, max(MOST_CARRIED, rest))
        return max(0.0, rest)


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)
