"""What changes slowly: power, temperature, frequency, memory and swap of the machine, through psutil.

Each answer is a value or the reason why there is none. Some systems ask a controller and take a while: not for the
event loop.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import psutil

from weighbridge.services.cgroup import memory_room

_MACOS = sys.platform == "darwin"
_MHZ = (1.0, 100_000.0)
_CELSIUS = (-60.0, 200.0)
_PROCESSOR = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "cpu-thermal", "soc_thermal", "acpitz")
"""Names of sensors of a processor, of Linux drivers, the most exact first."""

NOT_TOLD = "psutil tells it not on this system"
NO_BATTERY = "no battery is seen"
FAILED = "the system gave no usable answer"


class Surroundings(NamedTuple):
    """Sizes in bytes. `missing`: for each field that is None the reason."""

    frequency_mhz: float | None
    power: Literal["mains", "battery"] | None
    battery_percent: float | None
    temperature_c: float | None
    available_bytes: int | None
    swap_used_bytes: int | None
    missing: dict[str, str]


def look_around() -> Surroundings:
    """The machine at this moment."""
    missing: dict[str, str] = {}
    power, battery = _power(missing)
    memory = _asked("virtual_memory", "available_bytes", missing)
    swap = _asked("swap_memory", "swap_used_bytes", missing)
    return Surroundings(
        frequency_mhz=frequency(missing),
        power=power,
        battery_percent=battery,
        temperature_c=_temperature(missing),
        available_bytes=_least(memory and memory.available, memory_room()),
        swap_used_bytes=swap.used if swap else None,
        missing=missing,
    )


def _least(machine: int | None, container: int | None) -> int | None:
    """Available memory of the machine, or what a container's limit leaves of it."""
    return machine if machine is None or container is None else min(machine, container)


def frequency(missing: dict[str, str] | None = None) -> float | None:
    """Mean over the cores, MHz. A virtual machine may always tell the same."""
    reasons: dict[str, str] = {} if missing is None else missing
    if _MACOS:
        reasons["frequency_mhz"] = "macOS tells the nominal frequency only"
        return None
    found = _asked("cpu_freq", "frequency_mhz", reasons)
    return _within(found.current, _MHZ, "frequency_mhz", reasons) if found else None


def _asked(name: str, field: str, missing: dict[str, str]) -> Any:
    """psutil's answer; None with the reason noted. Its functions depend on the system, and may raise for odd files."""
    question: Callable[[], Any] | None = getattr(psutil, name, None)
    if question is None:
        missing[field] = NOT_TOLD
        return None
    try:
        answer = question()
    except (OSError, ValueError, RuntimeError, NotImplementedError, AttributeError, IndexError, psutil.Error):
        answer = None
    if answer is None:
        missing[field] = FAILED
    return answer


def _within(value: float, limits: tuple[float, float], field: str, missing: dict[str, str]) -> float | None:
    if limits[0] <= value <= limits[1]:
        return round(value, 1)
    missing[field] = FAILED
    return None


def _power(missing: dict[str, str]) -> tuple[Literal["mains", "battery"] | None, float | None]:
    """Mains where there is no battery at all cannot be told from a battery that is not seen: both stay unknown."""
    found = _asked("sensors_battery", "power", missing)
    if found is None:
        missing["battery_percent"] = missing["power"] = NOT_TOLD if missing["power"] == NOT_TOLD else NO_BATTERY
        return None, None
    percent = _within(found.percent, (0.0, 100.0), "battery_percent", missing)
    if found.power_plugged is None:
        missing["power"] = FAILED
        return None, percent
    return "mains" if found.power_plugged else "battery", percent


def _temperature(missing: dict[str, str]) -> float | None:
    """The hottest sensor of the processor, Celsius; of all sensors only where one is named for it."""
    found = _asked("sensors_temperatures", "temperature_c", missing)
    if found is None:
        return None
    chip = next((name for name in _PROCESSOR if found.get(name)), None)
    if chip is None:
        missing["temperature_c"] = "no sensor of the processor"
        return None
    degrees = [reading.current for reading in found[chip] if reading.current is not None]
    return _within(max(degrees, default=float("nan")), _CELSIUS, "temperature_c", missing)
