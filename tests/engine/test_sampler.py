"""Samples of a process: what the kernel says of it, and None where it says nothing."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from weighbridge.domain.proof.samples import Sample
from weighbridge.services.sampling import sampler
from weighbridge.services.sampling.pace import BLOCK, MOST_SAMPLES, STEADY, Pace
from weighbridge.services.sampling.processors import ProcessorTime, processor_time, shares
from weighbridge.services.sampling.reading import Reading, Unshared
from weighbridge.services.sampling.sampler import Sampler

MIB = 1024 * 1024
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it on Linux")


def taken(source: Sampler) -> Sample:
    sample = source.sample()
    assert sample is not None
    return sample


def work(seconds: float) -> None:
    """Uses so much processor time."""
    deadline = time.process_time() + seconds
    while time.process_time() < deadline:
        pass


def test_the_first_sample_has_no_percentages_and_the_next_has() -> None:
    source = Sampler(os.getpid(), time.monotonic)
    first = taken(source)
    work(0.2)
    second = taken(source)
    assert first.cpu_percent is None and first.machine_percent is None and first.own_percent is None
    assert second.cpu_percent is not None and second.cpu_percent > 0
    assert second.own_percent is not None and second.own_percent > 0
    assert second.machine_percent is not None and 0 < second.machine_percent <= 100
    assert second.cpu_s is not None and first.cpu_s is not None and second.cpu_s - first.cpu_s > 0.15
    assert second.t > first.t


@linux
def test_memory_is_split_into_anonymous_and_file_pages() -> None:
    source = Sampler(os.getpid(), time.monotonic)
    before = taken(source)
    block = bytearray(os.urandom(1)) * (64 * MIB)
    after = taken(source)
    assert len(block) and before.rss_anon_bytes is not None and after.rss_anon_bytes is not None
    assert after.rss_anon_bytes - before.rss_anon_bytes > 60 * MIB
    assert after.rss_file_bytes is not None and after.peak_rss_bytes is not None
    assert after.peak_rss_bytes >= after.rss_bytes >= after.rss_anon_bytes + after.rss_file_bytes
    assert after.rss_bytes == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)
    assert after.swap_bytes is not None
    assert before.minor_faults is not None and after.minor_faults is not None and after.major_faults is not None
    assert after.minor_faults > before.minor_faults


@linux
def test_pages_that_another_process_maps_too_are_in_pss_and_not_in_uss(tmp_path: Path) -> None:
    """The child maps the same 32 MiB of a file as this process, and says so by a line."""
    path = tmp_path / "shared"
    path.write_bytes(bytes(32 * MIB))
    program = (
        "import mmap,sys; f=open(sys.argv[1],'rb'); m=mmap.mmap(f.fileno(),0,access=mmap.ACCESS_READ); "
        "sum(m[i] for i in range(0,len(m),4096)); print(flush=True); input()"
    )
    source = Sampler(os.getpid(), time.monotonic)
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert sum(view[i] for i in range(0, len(view), 4096)) == 0
        alone = looked_closer(source)
        command = [sys.executable, "-c", program, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None and child.stdout.readline()
            together = looked_closer(source)
            child.kill()
    uss, pss, rss = together.uss_bytes, together.pss_bytes, together.rss_bytes
    assert uss is not None and pss is not None and alone.uss_bytes is not None
    assert uss < alone.uss_bytes - 24 * MIB
    assert uss + 12 * MIB < pss < rss


def looked_closer(source: Sampler) -> Sample:
    source.look_closer()
    return taken(source)


@linux
def test_a_closer_look_is_in_one_sample_only() -> None:
    source = Sampler(os.getpid(), time.monotonic)
    assert taken(source).uss_bytes is None
    assert looked_closer(source).uss_bytes is not None
    assert taken(source).uss_bytes is None


class Costly:
    """A process whose page table takes long to walk."""

    def read(self) -> Reading | None:
        return Reading(rss_bytes=1)

    def unshared(self) -> Unshared:
        deadline = time.thread_time() + 0.02
        while time.thread_time() < deadline:
            pass
        return Unshared(uss_bytes=1)

    def reason(self, field: str) -> str:
        return "not told"


def test_the_costlier_a_closer_look_the_seldomer_and_its_cost_is_counted() -> None:
    now = [0.0]
    source = Sampler(0, lambda: now[0], source=Costly())
    assert source.closer_due()
    source.look_closer()
    cost = taken(source).cost_s
    assert cost is not None and cost >= 0.02
    now[0] = 0.019 / sampler.CLOSER_SHARE
    assert not source.closer_due()
    now[0] = 2 * cost / sampler.CLOSER_SHARE
    assert source.closer_due()


@linux
def test_the_cost_of_sampling_grows_with_every_sample() -> None:
    source = Sampler(os.getpid(), time.monotonic)
    costs = [taken(source).cost_s for _ in range(3)]
    assert all(cost is not None for cost in costs)
    assert 0 <= (costs[0] or 0) < (costs[1] or 0) < (costs[2] or 0)


@linux
def test_switches_and_delays_of_all_threads_are_counted_also_of_those_that_ended() -> None:
    source = Sampler(os.getpid(), time.monotonic)
    before = taken(source)
    workers = [threading.Thread(target=work, args=(0.05,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    during = taken(source)
    for worker in workers:
        worker.join()
    after = taken(source)
    alone = psutil.Process().num_ctx_switches().involuntary
    assert before.involuntary_switches is not None and before.involuntary_switches >= alone - 500
    for name in ("involuntary_switches", "run_delay_s"):
        first, second, third = (getattr(sample, name) for sample in (before, during, after))
        assert first is not None and first <= second <= third


def test_a_process_that_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        source = Sampler(process.pid, time.monotonic)
        assert source.sample() is not None
    source.look_closer()
    assert source.sample() is None
    gone = Sampler(process.pid, time.monotonic)
    assert gone.sample() is None and gone.sensors(0.2) is None


def test_what_others_take_is_the_rest_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four seconds of work in one second: one of the child, and one of weighbridge itself, leave two."""
    now = [0.0]
    monkeypatch.setattr(sampler, "processor_time", lambda: ProcessorTime(4 * now[0], 4 * now[0], 0.4 * now[0]))
    monkeypatch.setattr(time, "process_time", lambda: now[0])
    source = Sampler(0, lambda: now[0], source=Steady(now))
    taken(source)
    now[0] = 1.0
    sample = taken(source)
    assert (sample.cpu_percent, sample.own_percent, sample.others_percent) == (100.0, 100.0, 200.0)
    assert (sample.machine_percent, sample.steal_percent) == (47.6, 4.8)


def test_steps_of_the_counters_do_not_add_up_to_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's counter lags a step in every other sample: nobody else works, and the mean says so."""
    now = [0.0]
    busy = iter([0.0, 0.19, 0.40, 0.59, 0.80, 0.99, 1.20])
    monkeypatch.setattr(sampler, "processor_time", lambda: ProcessorTime(next(busy), now[0] * 4, None))
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    source = Sampler(0, lambda: now[0], source=Steady(now))
    others = []
    for tick in range(7):
        now[0] = round(0.2 * tick, 6)
        others.append(taken(source).others_percent)
    assert others[0] is None
    assert sum(value or 0.0 for value in others) == pytest.approx(0.0, abs=0.1)


class Steady:
    """A process that keeps one core busy."""

    def __init__(self, now: list[float]) -> None:
        self._now = now

    def read(self) -> Reading | None:
        return Reading(rss_bytes=1, cpu_s=self._now[0])

    def unshared(self) -> Unshared:
        return Unshared()

    def reason(self, field: str) -> str:
        return f"no {field} here"


def test_sensors_say_why_a_field_stays_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "processor_time", lambda: None)
    monkeypatch.setattr(sampler, "load1", lambda: None)
    source = Sampler(0, time.monotonic, source=Steady([1.0]))
    sensors = source.sensors(0.2)
    assert sensors is not None and sensors.cores == os.cpu_count() and sensors.interval_s == 0.2
    taken(source)
    source.look_closer()
    null = {name for name, value in taken(source).model_dump().items() if value is None}
    assert null - {"frequency_mhz"} == set(sensors.missing) - {"frequency_mhz"}
    assert sensors.missing["pss_bytes"] == "no pss_bytes here" and all(sensors.missing.values())


@linux
def test_on_linux_every_field_is_told_or_has_a_reason() -> None:
    source = Sampler(os.getpid(), time.monotonic)
    sensors = source.sensors(0.2)
    taken(source)
    work(0.05)
    second = looked_closer(source)
    assert sensors is not None
    null = {name for name, value in second.model_dump().items() if value is None}
    assert null <= set(sensors.missing)
    assert "run_delay_s" not in sensors.missing or not Path("/proc/self/schedstat").exists()


def test_the_machine_is_never_more_than_wholly_busy() -> None:
    assert shares(ProcessorTime(1, 1, None), ProcessorTime(1, 1, None)) is None
    assert shares(None, processor_time()) is None
    backwards = shares(ProcessorTime(5.0, 1.0, 1.0), ProcessorTime(4.0, 9.0, 0.5))
    assert backwards is not None and (backwards.machine_percent, backwards.steal_percent) == (0.0, 0.0)


def test_a_job_of_any_length_keeps_a_bounded_number_of_samples() -> None:
    """Five days, looked at every fifth of a second: steady for the first 10,000, then ever seldomer."""
    pace, t, times = Pace(0.2), 0.0, []
    while t < 5 * 86_400:
        if pace.due(t):
            times.append(t)
        t += 0.2 if len(times) < STEADY else pace.interval_s
    assert times[STEADY - 1] == pytest.approx(0.2 * (STEADY - 1))
    assert times[STEADY + 5] - times[STEADY + 4] == pytest.approx(0.4)
    assert times[STEADY + BLOCK + 5] - times[STEADY + BLOCK + 4] == pytest.approx(0.8)
    assert STEADY < len(times) <= MOST_SAMPLES + BLOCK


def test_a_look_between_two_samples_takes_none() -> None:
    pace = Pace(0.2)
    assert [pace.due(t) for t in (0.0, 0.05, 0.19, 0.25, 0.4)] == [True, False, True, False, True]
