"""The machine before and after a run: measured where it tells, a reason where it does not, and never in the way."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from weighbridge.domain.proof.samples import Conditions
from weighbridge.services import conditions
from weighbridge.services.conditions import read_conditions
from weighbridge.services.sampling import surroundings
from weighbridge.services.sampling.processors import ProcessorTime

QUESTIONS = ("cpu_freq", "sensors_battery", "sensors_temperatures", "virtual_memory", "swap_memory")


def clock() -> float:
    return 1.5


async def read() -> Conditions:
    return await read_conditions("before", clock, 0.02)


def unknown(told: Conditions) -> set[str]:
    return {name for name, value in told.model_dump().items() if value is None}


async def test_every_null_has_a_reason_and_every_reason_a_null() -> None:
    told = await read()
    assert (told.t, told.when) == (1.5, "before") and told.window_s >= 0.02
    assert told.available_bytes and told.available_bytes <= psutil.virtual_memory().total
    assert unknown(told) == set(told.missing) and all(told.missing.values())


async def test_a_system_that_tells_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """psutil's answers are made up, in its own shape."""
    readings = [SimpleNamespace(current=61.0), SimpleNamespace(current=72.5)]
    answers: dict[str, Any] = {
        "cpu_freq": SimpleNamespace(current=3100.04),
        "sensors_battery": SimpleNamespace(percent=41.0, power_plugged=False),
        "sensors_temperatures": {"nvme": [SimpleNamespace(current=88.0)], "coretemp": readings},
        "virtual_memory": SimpleNamespace(available=5 * 2**30),
        "swap_memory": SimpleNamespace(used=0),
    }
    for name, answer in answers.items():
        monkeypatch.setattr(psutil, name, lambda answer=answer: answer, raising=False)
    monkeypatch.setattr(surroundings, "memory_room", lambda: 3 * 2**30)
    counters = iter([ProcessorTime(0.0, 0.0, 0.0), ProcessorTime(200.0, 190.0, 10.0)])
    monkeypatch.setattr(conditions, "processor_time", lambda: next(counters))
    monkeypatch.setattr(conditions, "load1", lambda: 0.25)
    own = iter([7.0, 107.0])
    monkeypatch.setattr(time, "process_time", lambda: next(own))
    told = await read()
    assert told.missing == {}
    assert (told.power, told.battery_percent, told.temperature_c) == ("battery", 41.0, 72.5)
    assert (told.frequency_mhz, told.steal_percent, told.swap_used_bytes) == (3100.0, 2.5, 0)
    assert told.available_bytes == 3 * 2**30
    assert told.others_percent == pytest.approx(100 * (200 - 100) / told.window_s, rel=0.1)


async def test_a_system_that_has_no_such_question(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in QUESTIONS:
        monkeypatch.delattr(psutil, name, raising=False)
    monkeypatch.setattr(surroundings, "memory_room", lambda: None)
    monkeypatch.setattr(conditions, "processor_time", lambda: None)
    monkeypatch.setattr(conditions, "load1", lambda: None)
    told = await read()
    fields = set(Conditions.model_fields) - {"event", "t", "when", "window_s", "missing"}
    assert unknown(told) == set(told.missing) == fields


@pytest.mark.parametrize("error", [OSError("?"), ValueError("?"), NotImplementedError(), IndexError(), RuntimeError()])
async def test_a_question_that_fails_is_unknown(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> None:
        raise error

    for name in QUESTIONS:
        monkeypatch.setattr(psutil, name, fail, raising=False)
    told = await read()
    assert told.power is None and told.temperature_c is None and told.swap_used_bytes is None
    assert unknown(told) == set(told.missing)


@pytest.mark.parametrize(
    ("name", "answer", "field"),
    [
        ("sensors_battery", None, "power"),
        ("sensors_battery", SimpleNamespace(percent=50.0, power_plugged=None), "power"),
        ("sensors_battery", SimpleNamespace(percent=float("nan"), power_plugged=True), "battery_percent"),
        ("sensors_temperatures", {}, "temperature_c"),
        ("sensors_temperatures", {"nvme": [SimpleNamespace(current=88.0)]}, "temperature_c"),
        ("sensors_temperatures", {"coretemp": []}, "temperature_c"),
        ("sensors_temperatures", {"coretemp": [SimpleNamespace(current=6553.5)]}, "temperature_c"),
        ("cpu_freq", SimpleNamespace(current=0.0), "frequency_mhz"),
        ("cpu_freq", None, "frequency_mhz"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_unknown(
    monkeypatch: pytest.MonkeyPatch, name: str, answer: Any, field: str
) -> None:
    monkeypatch.setattr(psutil, name, lambda: answer, raising=False)
    told = await read()
    assert getattr(told, field) is None and told.missing[field]


async def test_mains(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = SimpleNamespace(percent=99.0, power_plugged=True)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: plugged, raising=False)
    assert (await read()).power == "mains"


async def test_macos_tells_its_nominal_frequency_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "cpu_freq", lambda: SimpleNamespace(current=2400.0), raising=False)
    monkeypatch.setattr(surroundings, "_MACOS", True)
    told = await read()
    assert told.frequency_mhz is None and "nominal" in told.missing["frequency_mhz"]


async def test_a_slow_sensor_does_not_hold_the_event_loop_and_can_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, answer = threading.Event(), threading.Event()

    def slow() -> None:
        asked.set()
        answer.wait(60)

    monkeypatch.setattr(psutil, "sensors_battery", slow, raising=False)
    reading = asyncio.create_task(read())
    try:
        async with asyncio.timeout(60):
            while not asked.is_set():
                await asyncio.sleep(0.001)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    finally:
        answer.set()
