"""Samples of a process: what the kernel says of it, and None where it says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from weighbridge.services import sampler
from weighbridge.services.sampler import Sampler

MIB = 1024 * 1024
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it on Linux")


def test_the_first_sample_has_no_percentages_and_the_next_has() -> None:
    source = Sampler(os.getpid(), time.monotonic)
    first = source.sample()
    deadline = time.process_time() + 0.2
    while time.process_time() < deadline:
        pass
    second = source.sample()
    assert first is not None and second is not None
    assert first.cpu_percent is None and first.machine_percent is None
    assert second.cpu_percent is not None and second.cpu_percent > 5
    assert second.machine_percent is not None and 0 < second.machine_percent <= 100
    assert second.t > first.t


@linux
def test_memory_is_split_into_anonymous_and_file_pages() -> None:
    source = Sampler(os.getpid(), time.monotonic)
    before = source.sample()
    block = bytearray(os.urandom(1)) * (64 * MIB)
    after = source.sample()
    assert before is not None and after is not None and len(block)
    assert before.rss_anon_bytes is not None and after.rss_anon_bytes is not None
    assert after.rss_anon_bytes - before.rss_anon_bytes > 60 * MIB
    assert after.rss_file_bytes is not None and after.peak_rss_bytes is not None
    assert after.peak_rss_bytes >= after.rss_bytes >= after.rss_anon_bytes + after.rss_file_bytes
    assert after.rss_bytes == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)


@linux
def test_switches_of_all_threads_are_counted() -> None:
    sample = Sampler(os.getpid(), time.monotonic).sample()
    alone = psutil.Process().num_ctx_switches().involuntary
    assert sample is not None and sample.involuntary_switches is not None
    assert sample.involuntary_switches >= alone - 50


def test_a_process_that_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        source = Sampler(process.pid, time.monotonic)
        assert source.sample() is not None
    assert source.sample() is None
    assert Sampler(process.pid, time.monotonic).sample() is None


def test_a_system_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "_status", lambda path: {})
    sample = Sampler(os.getpid(), time.monotonic).sample()
    assert sample is not None and sample.rss_bytes > MIB
    assert sample.rss_anon_bytes is None and sample.rss_file_bytes is None
