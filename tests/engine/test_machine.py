"""What the machine offers, and what a container leaves of it."""

from __future__ import annotations

import os
import platform
import socket
import sys
from importlib import metadata
from pathlib import Path

import psutil
import pytest

from weighbridge.services import machine
from weighbridge.services.cgroup import cpu_quota, memory_room
from weighbridge.services.machine import machine_facts, usable_threads

MIB = 1024 * 1024


def _tree(root: Path, own: str, files: dict[str, str]) -> Path:
    for name, text in {"proc/self/cgroup": own, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def test_version_2_takes_the_tightest_of_all_groups_above(tmp_path: Path) -> None:
    group = "sys/fs/cgroup"
    files = {
        f"{group}/a/cpu.max": "150000 100000",
        f"{group}/a/b/cpu.max": "max 100000",
        f"{group}/a/memory.max": str(900 * MIB),
        f"{group}/a/memory.current": str(700 * MIB),
        f"{group}/a/memory.stat": f"anon 5\ninactive_file {100 * MIB}\n",
        f"{group}/a/b/memory.max": "max",
        f"{group}/a/b/memory.current": str(600 * MIB),
        f"{group}/a/b/c/memory.max": str(5000 * MIB),
        f"{group}/a/b/c/memory.current": "1",
    }
    root = _tree(tmp_path, "0::/a/b/c", files)
    assert cpu_quota(root) == 1.5
    assert memory_room(root) == 300 * MIB


def test_version_1(tmp_path: Path) -> None:
    group = "sys/fs/cgroup"
    files = {
        f"{group}/cpu/box/cpu.cfs_quota_us": "50000",
        f"{group}/cpu/box/cpu.cfs_period_us": "100000",
        f"{group}/cpu/cpu.cfs_quota_us": "-1",
        f"{group}/cpu/cpu.cfs_period_us": "100000",
        f"{group}/memory/box/memory.limit_in_bytes": str(100 * MIB),
        f"{group}/memory/box/memory.usage_in_bytes": str(120 * MIB),
    }
    root = _tree(tmp_path, "4:memory:/box\n3:cpu,cpuacct:/box\n0::/elsewhere", files)
    assert cpu_quota(root) == 0.5
    assert memory_room(root) == 0


@pytest.mark.parametrize("text", ["max", "", "many", "-1"])
def test_no_limit_is_unknown_and_not_zero(tmp_path: Path, text: str) -> None:
    files = {f"sys/fs/cgroup/{name}": text for name in ("cpu.max", "memory.max", "memory.current")}
    root = _tree(tmp_path, "0::/", files)
    assert cpu_quota(root) is None and memory_room(root) is None
    assert cpu_quota(tmp_path / "empty") is None and memory_room(tmp_path / "empty") is None


def test_a_container_makes_the_machine_smaller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "memory_room", lambda: 10 * MIB)
    assert machine_facts(tmp_path).available_bytes == 10 * MIB
    for quota in (0.3, 1.9):
        monkeypatch.setattr(machine, "cpu_quota", lambda quota=quota: quota)
        assert usable_threads() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="affinity can be set on Linux")
def test_affinity_counts() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_threads() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_the_facts_of_this_machine(tmp_path: Path) -> None:
    facts = machine_facts(tmp_path)
    assert facts.memory_bytes == psutil.virtual_memory().total
    assert facts.available_bytes is not None and 0 < facts.available_bytes <= facts.memory_bytes
    assert facts.disk_free_bytes and 1 <= facts.usable_cores <= (facts.logical_cores or 1)
    assert facts.versions["llama-cpp-python"] == metadata.version("llama-cpp-python")


def test_neither_host_nor_user_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By names that are part of no ordinary word, as those of a real machine may be."""
    for name, value in {"HOME": "/home/ada-lovelace", "LOGNAME": "ada-lovelace", "USER": "ada-lovelace"}.items():
        monkeypatch.setenv(name, value)
    told = os.uname()
    named = os.uname_result((told.sysname, "analytical-engine", told.release, told.version, told.machine))
    monkeypatch.setattr(os, "uname", lambda: named)
    monkeypatch.setattr(platform, "_uname_cache", None)
    monkeypatch.setattr(socket, "gethostname", lambda: named.nodename)
    assert platform.node() == "analytical-engine"
    text = machine_facts(tmp_path).model_dump_json()
    assert "analytical-engine" not in text and "ada-lovelace" not in text


def test_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse() -> float:
        raise OSError("not here")

    monkeypatch.setattr(psutil, "virtual_memory", refuse)
    monkeypatch.setattr(os, "getloadavg", refuse)
    monkeypatch.setattr(machine, "memory_room", lambda: None)
    facts = machine_facts(tmp_path)
    assert (facts.memory_bytes, facts.available_bytes, facts.load1) == (None, None, None)
