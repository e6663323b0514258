"""What the operating system says of the engine's process and of the machine: `sensors`, `sample`, `conditions`.

Sizes are bytes, percentages of processor time are of one core (200 = two cores busy) unless a field says otherwise.
None: this system does not tell, or it is not asked every time; `Sensors.missing` says why.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record


class Sensors(Record):
    """Which figures this system gives at all, said once for each child, before its first sample."""

    event: Literal["sensors"] = "sensors"
    t: float
    interval_s: float = Field(description="wished time between two samples; a long job is sampled less often")
    missing: dict[str, str] = Field(description="fields of samples that stay null, each with the reason")
    cores: int | None = Field(default=None, description="logical cores of the machine: those of `machine_percent`")
    most_samples: int | None = Field(
        default=None, description="so many are kept of one child at about most: the interval grows with its age"
    )


class Sample(Record):
    """The child as the operating system sees it, a few times a second. Cumulative fields count from its start.

    Of a server that was there before the job they count from the first sample, and `peak_rss_bytes` is null.
    """

    event: Literal["sample"] = "sample"
    t: float
    rss_bytes: int
    rss_anon_bytes: int | None = None
    rss_file_bytes: int | None = None
    peak_rss_bytes: int | None = Field(default=None, description="the kernel's high-water mark")
    uss_bytes: int | None = Field(default=None, description="memory that would be free if the process ended")
    pss_bytes: int | None = Field(default=None, description="USS and its share of what is mapped by others too")
    swap_bytes: int | None = Field(default=None, description="of the process, not of the machine")
    minor_faults: int | None = Field(default=None, description="cumulative; no disk was needed")
    major_faults: int | None = Field(default=None, description="cumulative; each waited for the disk")
    cpu_percent: float | None = Field(default=None, description="of one core; 200 = two cores busy")
    cpu_s: float | None = Field(default=None, description="cumulative processor seconds, user and system")
    run_delay_s: float | None = Field(
        default=None, description="cumulative: threads ready to run, and no core was free"
    )
    own_percent: float | None = Field(default=None, description="weighbridge itself: supervisor, panel and sampler")
    others_percent: float | None = Field(default=None, description="everybody else, of one core")
    machine_percent: float | None = Field(default=None, description="all cores of the machine, 0..100")
    steal_percent: float | None = Field(default=None, description="of all cores, 0..100: taken by the hypervisor")
    load1: float | None = None
    involuntary_switches: int | None = Field(default=None, description="cumulative over the threads")
    frequency_mhz: float | None = Field(default=None, description="mean over the cores")
    cost_s: float | None = Field(default=None, description="cumulative processor seconds that sampling itself took")


class Conditions(Record):
    """The machine just before the child is started, and just after it is gone."""

    event: Literal["conditions"] = "conditions"
    t: float
    when: Literal["before", "after"]
    window_s: float = Field(description="the percentages are means over so many seconds")
    load1: float | None = None
    others_percent: float | None = Field(default=None, description="of one core, weighbridge left out")
    steal_percent: float | None = Field(default=None, description="of all cores, 0..100")
    frequency_mhz: float | None = None
    power: Literal["mains", "battery"] | None = None
    battery_percent: float | None = None
    temperature_c: float | None = Field(default=None, description="of the processor, the hottest sensor")
    available_bytes: int | None = None
    swap_used_bytes: int | None = Field(default=None, description="of the machine")
    missing: dict[str, str] = Field(default_factory=dict, description="null fields, each with the reason")
