"""What macOS and Windows tell through psutil. Its answers are made up here, in the shape that it gives them there."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from weighbridge.services.engine import child_guard
from weighbridge.services.sampling import processors, sampler
from weighbridge.services.sampling.portable import PortableProcess
from weighbridge.services.sampling.sampler import Sampler

MIB = 2**20
MACOS = {"rss": 90 * MIB, "vms": 400 * MIB, "pfaults": 700, "pageins": 30}
WINDOWS = {"rss": 90 * MIB, "vms": 80 * MIB, "num_page_faults": 700, "peak_wset": 95 * MIB}


class FakeProcess:
    """psutil.Process of another system. An exception in place of an answer is raised."""

    def __init__(self, memory: Any, full: Any) -> None:
        self._memory, self._full = memory, full

    def oneshot(self) -> AbstractContextManager[None]:
        return nullcontext()

    def memory_info(self) -> SimpleNamespace:
        return _answer(self._memory)

    def memory_full_info(self) -> SimpleNamespace:
        return _answer(self._full)

    def cpu_times(self) -> SimpleNamespace:
        return SimpleNamespace(user=1.25, system=0.5)


def _answer(given: Any) -> SimpleNamespace:
    if isinstance(given, Exception):
        raise given
    return SimpleNamespace(**given)


def process(monkeypatch: pytest.MonkeyPatch, memory: Any, full: Any) -> PortableProcess:
    monkeypatch.setattr(psutil, "Process", lambda pid: FakeProcess(memory, full))
    return PortableProcess(7)


def test_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    source = process(monkeypatch, MACOS, psutil.AccessDenied(7))
    reading = source.read()
    assert reading is not None and (reading.rss_bytes, reading.cpu_s) == (90 * MIB, 1.75)
    assert (reading.minor_faults, reading.major_faults, reading.peak_rss_bytes) == (670, 30, None)
    assert source.unshared().uss_bytes is None and "not allow" in source.reason("uss_bytes")


def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    source = process(monkeypatch, WINDOWS, {**WINDOWS, "uss": 70 * MIB})
    reading = source.read()
    assert reading is not None and reading.peak_rss_bytes == 95 * MIB
    assert (reading.minor_faults, reading.major_faults, reading.involuntary_switches) == (None, None, None)
    assert source.unshared().uss_bytes == 70 * MIB


@pytest.mark.parametrize("memory", [MACOS, WINDOWS])
def test_whatever_is_not_told_has_a_reason(monkeypatch: pytest.MonkeyPatch, memory: dict[str, int]) -> None:
    source = process(monkeypatch, memory, psutil.AccessDenied(7))
    monkeypatch.setattr(sampler, "on_linux", lambda: False)
    sensors = Sampler(7, lambda: 0.0).sensors(0.2)
    assert sensors is not None
    told = vars(source.read()) | vars(source.unshared())
    null = {name for name, value in told.items() if value is None}
    assert null <= set(sensors.missing) and all(sensors.missing.values())
    assert {"run_delay_s", "rss_anon_bytes", "pss_bytes", "involuntary_switches"} <= null


@pytest.mark.parametrize("gone", [psutil.NoSuchProcess(7), psutil.AccessDenied(7), OSError("?"), {"rss": 0}])
def test_a_process_that_is_gone(monkeypatch: pytest.MonkeyPatch, gone: Any) -> None:
    assert process(monkeypatch, gone, gone).read() is None


def test_a_process_that_was_gone_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> None:
        raise psutil.NoSuchProcess(pid)

    monkeypatch.setattr(psutil, "Process", refuse)
    source = PortableProcess(7)
    assert source.read() is None and source.unshared().uss_bytes is None


def test_counters_of_windows_count_interrupts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {"user": 10.0, "system": 5.0, "idle": 85.0, "interrupt": 1.0, "dpc": 2.0}
    monkeypatch.setattr(psutil, "cpu_times", lambda: SimpleNamespace(_asdict=lambda: times))
    told = processors._portable()
    assert told is not None and (told.busy_s, told.idle_s, told.steal_s, told.total_s) == (15.0, 85.0, None, 100.0)


def test_the_childs_baseline_is_known_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_guard, "_pages", lambda column: None)
    assert child_guard.resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
    monkeypatch.setattr(psutil, "Process", lambda: FakeProcess(psutil.AccessDenied(7), None))
    assert child_guard.resident_bytes() is None
