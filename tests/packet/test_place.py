"""Where a packet may be written, and what a killed or failed save leaves behind: nothing, or a whole packet."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.services.packet_io import place
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.packet_io.write import write_packet

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs fork and signals")


def apart(source: PacketSource, target: Path, how: str, tmp_path: Path) -> list[str]:
    """Runs saving.py; the lines that it prints."""
    pickled = tmp_path / "source.pickle"
    pickled.write_bytes(pickle.dumps(source))
    script = Path(__file__).with_name("saving.py")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, str(script), str(pickled), str(target), how],
        env=env, capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    return done.stdout.splitlines()


@POSIX
def test_a_save_killed_at_any_step_leaves_no_packet_or_a_whole_one(source: PacketSource, tmp_path: Path) -> None:
    seen = apart(source, tmp_path / "place" / "packet", "write", tmp_path)
    assert seen[-2:] == ["whole", "done 0"]
    assert set(seen[:-1]) == {"absent", "whole"}
    assert seen.count("absent") > 25, "there are more files than that"
    assert [p.name for p in (tmp_path / "place").iterdir()] == ["packet"]


@pytest.mark.skipif(sys.platform != "linux", reason="two folders are swapped in one step on Linux only")
def test_a_killed_save_over_an_earlier_packet_leaves_one_of_the_two(source: PacketSource, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    if not place._exchange(tmp_path / "one", tmp_path / "other"):
        pytest.skip("two folders cannot be swapped in one step here")
    target = tmp_path / "place" / "packet"
    write_packet(target, replace(source, at="2020-01-01T00:00:00Z"))
    seen = apart(source, target, "replace", tmp_path)
    assert seen[-1] == "done 0"
    assert set(seen[:-1]) == {"whole"} and len(seen) > 25
    assert [p.name for p in (tmp_path / "place").iterdir()] == ["packet"]


@POSIX
def test_a_file_size_limit_is_one_sentence_and_leaves_nothing(source: PacketSource, tmp_path: Path) -> None:
    folder = tmp_path / "place"
    folder.mkdir()
    assert apart(source, folder / "packet", "limit", tmp_path) == [
        f"4 {folder}/packet cannot be written: File too large."
    ]
    assert list(folder.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def mounted_anew(disk: Path, options: str) -> None:
    if subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted anew here")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(small_disk: Path, source: PacketSource) -> None:
    with pytest.raises(OutsideFailed, match="there is no space left") as raised:
        write_packet(small_disk / "packet", source)
    assert "Free some space" in raised.value.hint
    assert list(small_disk.iterdir()) == []


def test_a_full_disk_leaves_the_earlier_packet(small_disk: Path, source: PacketSource, golden: Path) -> None:
    blocks = sum(-(-path.stat().st_size // 4096) * 4 for path in golden.rglob("*") if path.is_file())
    mounted_anew(small_disk, f"size={blocks * 3 // 2}k")
    seal = write_packet(small_disk / "packet", replace(source, logs={}))
    with pytest.raises(OutsideFailed, match="there is no space left"):
        write_packet(small_disk / "packet", source)
    report = verify_packet(small_disk / "packet")
    assert report.ok and report.seal == seal


def test_a_read_only_disk_is_one_sentence(small_disk: Path, source: PacketSource) -> None:
    mounted_anew(small_disk, "ro")
    with pytest.raises(OutsideFailed, match="the file system is read-only"):
        write_packet(small_disk / "packet", source)


def test_a_folder_that_may_not_be_written_is_one_sentence(
    tmp_path: Path, source: PacketSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutsideFailed, match="writing is not permitted"):
        write_packet(tmp_path / "packet", source)


def test_a_file_in_the_place_is_refused_and_kept(tmp_path: Path, source: PacketSource) -> None:
    (tmp_path / "packet").write_text("mine")
    with pytest.raises(BadInput, match="is a file, and a packet is a folder") as raised:
        write_packet(tmp_path / "packet", source)
    assert raised.value.hint
    assert (tmp_path / "packet").read_text() == "mine"


def test_a_file_on_the_way_is_one_sentence(tmp_path: Path, source: PacketSource) -> None:
    (tmp_path / "file").write_text("mine")
    for target in (tmp_path / "file" / "packet", tmp_path / "file" / "below" / "packet"):
        with pytest.raises(OutsideFailed, match="a part of the path is a file"):
            write_packet(target, source)


def test_a_folder_with_other_things_is_refused_and_kept(tmp_path: Path, source: PacketSource) -> None:
    (tmp_path / "packet").mkdir()
    (tmp_path / "packet" / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="exists already"):
        write_packet(tmp_path / "packet", source)
    assert [p.name for p in (tmp_path / "packet").iterdir()] == ["thesis.txt"]


def test_an_empty_folder_is_used(tmp_path: Path, source: PacketSource) -> None:
    (tmp_path / "packet").mkdir()
    write_packet(tmp_path / "packet", source)
    assert verify_packet(tmp_path / "packet").ok


def test_an_earlier_packet_of_the_same_run_is_replaced(packet: Path, source: PacketSource) -> None:
    seal = write_packet(packet, replace(source, at="2030-01-01T00:00:00Z"))
    report = verify_packet(packet)
    assert report.ok and report.seal == seal
    assert "Bagging-Date: 2030-01-01" in (packet / "bag-info.txt").read_text()
    assert [p.name for p in packet.parent.glob(".*")] == []


def test_it_is_replaced_by_two_renames_where_folders_cannot_be_swapped(
    packet: Path, source: PacketSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_exchange", lambda one, other: False)
    seal = write_packet(packet, replace(source, at="2030-01-01T00:00:00Z"))
    assert verify_packet(packet).seal == seal
    assert [p.name for p in packet.parent.glob(".*")] == []


def test_a_packet_of_another_run_is_refused_and_kept(packet: Path, source: PacketSource) -> None:
    other = source.run.model_copy(update={"id": "20990101-000000-abcd"})
    with pytest.raises(BadInput, match="exists already"):
        write_packet(packet, replace(source, run=other))
    assert verify_packet(packet).ok


def test_a_packet_with_somebodys_notes_in_it_is_refused_and_kept(packet: Path, source: PacketSource) -> None:
    (packet / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="is not just an earlier packet"):
        write_packet(packet, source)
    assert (packet / "notes.txt").read_text() == "mine"


def test_a_link_in_the_place_is_refused(packet: Path, tmp_path: Path, source: PacketSource) -> None:
    (tmp_path / "link").symlink_to(packet)
    with pytest.raises(BadInput, match="is a link"):
        write_packet(tmp_path / "link", source)


def test_only_the_leavings_of_dead_saves_are_removed(tmp_path: Path, source: PacketSource) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    stale, alive = f".weighbridge-{dead.pid}-0123abcd", f".weighbridge-{os.getppid()}-0123abcd"
    for name in (stale, alive, ".weighbridge-notes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    write_packet(tmp_path / "packet", source)
    assert not (tmp_path / stale).exists()
    assert (tmp_path / alive / "file").exists() and (tmp_path / ".weighbridge-notes" / "file").exists()


def test_an_earlier_packet_that_a_dead_save_put_aside_stays_until_a_new_one_stands(
    tmp_path: Path, source: PacketSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    aside = tmp_path / f".weighbridge-{dead.pid}-0123abcd-old"
    aside.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OutsideFailed, match="no space left"):
            write_packet(tmp_path / "packet", source)
    assert aside.exists()
    write_packet(tmp_path / "packet", source)
    assert not aside.exists()
