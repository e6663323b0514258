"""/proc as it should not be: fields that are missing, garbage, threads that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from weighbridge.services.sampling import processors
from weighbridge.services.sampling.linux import LinuxProcess

KIB = 1024
STATUS = """Name:\tchild: RssAnon: 7 kB
VmHWM:\t     300 kB
VmRSS:\t     200 kB
RssAnon:\t     150 kB
RssFile:\t      50 kB
VmSwap:\t       4 kB
nonvoluntary_ctxt_switches:\t9
"""
STAT = "7 (a b) c) S 1 7 7 0 -1 0 11 0 2 0 150 50 0 0 20 0 1 0 5 1 1"
ROLLUP = """55e50fef6000-7ffc587ee000 ---p 00000000 00:00 0                          [rollup]
Rss:                 200 kB
Pss:                 120 kB
Pss_Anon:             90 kB
Private_Clean:        60 kB
Private_Dirty:        40 kB
"""


def process(root: Path, files: dict[str, str | None]) -> LinuxProcess:
    """Process 7 of a made-up /proc with two threads. `files`: what differs from a good one; None: is not there."""
    good: dict[str, str | None] = {
        "status": STATUS,
        "stat": STAT,
        "statm": "500 50 1 1 1 1 1",
        "smaps_rollup": ROLLUP,
        "task/7/schedstat": "1000 2000000000 5",
        "task/7/status": STATUS,
        "task/8/schedstat": "1000 500000000 5",
        "task/8/status": STATUS,
    }
    for name, text in (good | files).items():
        path = root / "7" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return LinuxProcess(7, str(root))


def test_a_good_one(tmp_path: Path) -> None:
    source = process(tmp_path, {})
    reading, unshared = source.read(), source.unshared()
    assert reading is not None
    assert (reading.rss_bytes, reading.rss_anon_bytes, reading.rss_file_bytes) == (200 * KIB, 150 * KIB, 50 * KIB)
    assert (reading.peak_rss_bytes, reading.swap_bytes) == (300 * KIB, 4 * KIB)
    assert (reading.minor_faults, reading.major_faults) == (11, 2)
    assert (reading.cpu_s, reading.run_delay_s, reading.involuntary_switches) == (2.0, 2.5, 18)
    assert (unshared.uss_bytes, unshared.pss_bytes) == (100 * KIB, 120 * KIB)


def test_a_thread_that_ended_keeps_what_it_had(tmp_path: Path) -> None:
    source = process(tmp_path, {})
    assert source.read() is not None
    for name in ("schedstat", "status"):
        (tmp_path / "7/task/8" / name).unlink()
    (tmp_path / "7/task/8").rmdir()
    process(tmp_path, {"task/8/schedstat": None, "task/8/status": None, "task/9/schedstat": "1 1000000000 1"})
    reading = source.read()
    assert reading is not None
    assert (reading.run_delay_s, reading.involuntary_switches) == (3.5, 18)


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({"task/7/schedstat": None, "task/8/schedstat": None}, "run_delay_s"),
        ({"task/7/schedstat": "", "task/8/schedstat": "one two"}, "run_delay_s"),
        ({"task/7/status": None, "task/8/status": "nonvoluntary_ctxt_switches:\t-3\n"}, "involuntary_switches"),
        ({"status": STATUS.replace("RssAnon:\t     150 kB", "RssAnon:\t150 MB")}, "rss_anon_bytes"),
        ({"status": STATUS.replace("RssFile:\t      50", "RssFile:\t\u0665")}, "rss_file_bytes"),
        ({"status": STATUS.replace("VmHWM", "VmPeak")}, "peak_rss_bytes"),
        ({"status": STATUS.replace("VmSwap:\t       4", "VmSwap:\t" + "9" * 40)}, "swap_bytes"),
        ({"stat": "7 (a) S 1"}, "cpu_s"),
        ({"stat": STAT.replace("150 50", "150 " + "9" * 5000)}, "cpu_s"),
        ({"stat": None}, "minor_faults"),
        ({"stat": "\udcff\udcfe"}, "major_faults"),
    ],
)
def test_what_is_missing_or_garbage_is_none_with_a_reason(
    tmp_path: Path, files: dict[str, str | None], field: str
) -> None:
    source = process(tmp_path, files)
    reading = source.read()
    assert reading is not None and reading.rss_bytes == 200 * KIB
    assert getattr(reading, field) is None
    assert source.reason(field)


@pytest.mark.parametrize("rollup", [None, "", "Pss: many kB\nPrivate_Clean: 1 kB\n"])
def test_no_rollup(tmp_path: Path, rollup: str | None) -> None:
    unshared = process(tmp_path, {"smaps_rollup": rollup}).unshared()
    assert (unshared.uss_bytes, unshared.pss_bytes) == (None, None)


def test_resident_memory_is_told_elsewhere_too(tmp_path: Path) -> None:
    reading = process(tmp_path, {"status": "garbage"}).read()
    assert reading is not None and reading.rss_bytes % (50 * KIB) == 0 and reading.rss_anon_bytes is None


@pytest.mark.parametrize("statm", ["0 0 0 0 0 0 0", None, "x y"])
def test_a_process_that_has_ended_has_no_memory(tmp_path: Path, statm: str | None) -> None:
    assert process(tmp_path, {"status": "Name:\tchild\nState:\tZ (zombie)\n", "statm": statm}).read() is None


@pytest.mark.parametrize(
    "text", ["", "cpu", "cpu 1 2 3", "cpu a b c d e f g h", "intr 1 2 3 4 5 6 7 8", "cpu " + "9" * 5000]
)
def test_counters_of_the_machine_that_make_no_sense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "stat").write_text(text + "\nintr 1\n")
    monkeypatch.setattr(processors, "_STAT", str(tmp_path / "stat"))
    assert processors._linux() is None


def test_an_old_kernel_does_not_count_steal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stat").write_text("cpu  100 0 50 800 50\ncpu0 1\n")
    monkeypatch.setattr(processors, "_STAT", str(tmp_path / "stat"))
    time = processors._linux()
    assert time is not None and time.steal_s is None and time.idle_s / time.busy_s == pytest.approx(850 / 150)
