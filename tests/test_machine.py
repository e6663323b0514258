"""What the machine offers: a container's limits count, and nothing says whose machine it is."""

from __future__ import annotations

import getpass
import platform
from pathlib import Path

import pytest

from weighbridge.services import machine


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cgroup (version 2) folder in place of the system's."""
    files = tuple(tmp_path / name for name in ("memory.max", "memory.current", "memory.stat"))
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine, "CGROUP_MEMORY", (files,))
    return tmp_path


def test_a_containers_memory_limit_counts_and_cached_files_give_way(container: Path) -> None:
    (container / "memory.max").write_text("1000000\n")
    (container / "memory.current").write_text("900000\n")
    (container / "memory.stat").write_text("anon 1\ninactive_file 300000\n")
    assert machine.machine_facts(container).available_bytes == 400_000


def test_no_limit_leaves_the_machines_memory(container: Path) -> None:
    (container / "memory.max").write_text("max\n")
    (container / "memory.current").write_text("900000\n")
    available = machine.machine_facts(container).available_bytes
    assert available is not None and available > 1_000_000


def test_a_containers_cpu_quota_counts(container: Path) -> None:
    (container / "cpu.max").write_text("100000 100000\n")
    assert machine.usable_threads() == 1


def test_neither_host_nor_user_is_told(tmp_path: Path) -> None:
    told = machine.machine_facts(tmp_path).model_dump_json()
    assert platform.node() not in told
    assert getpass.getuser() not in told
