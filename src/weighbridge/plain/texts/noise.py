"""What surrounded a job, in words: the machine before, during and after it, and how its threads were chosen."""

from __future__ import annotations

import re

from weighbridge.domain.proof.events import Attempt, Event, Loaded
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.samples import Conditions
from weighbridge.domain.proof.threads import Swept

NOT_KNOWN = "not known"
_GIB = 2**30
_UNIT = re.compile(r"_(percent|bytes|mhz|c)$")


class Circumstances:
    """Takes the events of a job as they pass, and keeps what its figures do not hold."""

    def __init__(self) -> None:
        self.loaded: Loaded | None = None
        self._swept: Swept | None = None
        self._conditions: dict[str, Conditions] = {}

    def add(self, event: Event) -> None:
        match event:
            case Attempt():
                self.loaded = self._swept = None
                self._conditions.clear()
            case Loaded():
                self.loaded = event
            case Swept():
                self._swept = event
            case Conditions():
                self._conditions[event.when] = event
            case _:
                pass

    def rows(self, noise: Noise | None) -> list[tuple[str, str]]:
        """Name and text; nothing for what the events do not tell."""
        pairs = [("chosen", self._swept.reason)] if self._swept else []
        if before := self._conditions.get("before"):
            pairs.append(("before", surroundings(before)))
        if noise is not None:
            pairs.append(("during", while_working(noise)))
        if after := self._conditions.get("after"):
            pairs.append(("after", surroundings(after)))
        return pairs


def marked(noise: Noise | None) -> str:
    """The mark and its reasons."""
    if noise is None:
        return "unknown: this run did not record it"
    missing = [f"Not told by this system: {', '.join(noise.missing)}."] if noise.missing else []
    why = " ".join([*noise.reasons, *missing])
    return f"{noise.mark}: {why}" if why else noise.mark


def while_working(noise: Noise) -> str:
    """The figures of the mark, while prompts were worked on."""
    told = [
        _said("others", noise.others_percent, "% of one core"),
        _said("hypervisor", noise.steal_percent, "% of the machine"),
        _said("threads waited for a core", noise.run_delay_percent, "% of the processor time they got"),
        _said("involuntary switches", noise.involuntary_per_cpu_s, "a processor second"),
        _said("cores used", noise.cpu_over_wall, ""),
        f"over {noise.sampled_s:.1f} s of work",
    ]
    return ", ".join(part for part in told if part)


def surroundings(told: Conditions) -> str:
    """One line of the machine before or after a job; what it does not tell stands at the end, with the reason."""
    battery = f"{told.battery_percent:.0f} %" if told.battery_percent is not None else NOT_KNOWN
    power = {"mains": "mains", "battery": f"battery at {battery}", None: ""}[told.power]
    parts = [
        _said("load average", told.load1, ""),
        _said("others", told.others_percent, "% of one core"),
        _said("hypervisor", told.steal_percent, "% of the machine"),
        _said("", told.frequency_mhz, "MHz"),
        power,
        _said("", told.temperature_c, "C"),
        _gib("available", told.available_bytes),
        _gib("swap in use", told.swap_used_bytes),
    ]
    line = ", ".join(part for part in parts if part)
    return f"{line} (not told: {_reasons(told.missing)})" if told.missing else line


def _reasons(missing: dict[str, str]) -> str:
    """Names of fields by the reason that they share."""
    names: dict[str, list[str]] = {}
    for field, why in missing.items():
        names.setdefault(why, []).append(_UNIT.sub("", field).replace("_", " "))
    return "; ".join(f"{', '.join(shared)}: {why}" for why, shared in names.items())


def contended(noise: Noise | None, what: str, *, failed: bool = False) -> str | None:
    """The sentence for a job whose figures were disturbed; None for any other. `what`: the proof, the eval.

    One that `failed` is not worth running again for a quieter machine alone.
    """
    if noise is None or noise.mark != "contended":
        return None
    way_out = "" if failed else " Run it again when less else is running."
    return f"{what} was contended: {' '.join(noise.reasons)}{way_out}"


def _said(name: str, value: float | None, unit: str) -> str:
    return "" if value is None else " ".join(part for part in (name, f"{value:g}", unit) if part)


def _gib(name: str, size: int | None) -> str:
    return "" if size is None else f"{name} {size / _GIB:.1f} GiB"
