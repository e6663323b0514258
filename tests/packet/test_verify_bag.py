"""Whatever happens to the files of a packet, verify finds it and says which file."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from packet.forge import problems

from weighbridge.domain.problems import BadInput
from weighbridge.services.packet_io import bag, inventory
from weighbridge.services.packet_io.verify import verify_packet

pytestmark = pytest.mark.usefixtures("marks_here")


def all_files(packet: Path) -> list[Path]:
    return sorted(p for p in packet.rglob("*") if p.is_file())


def test_a_changed_byte_in_any_file_is_named(packet: Path) -> None:
    for path in all_files(packet):
        whole = path.read_bytes()
        path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
        name = path.relative_to(packet).as_posix()
        assert any(name in line for line in problems(packet)), name
        path.write_bytes(whole)
    assert problems(packet) == []


def test_random_flipped_bits_are_all_found(packet: Path) -> None:
    """`bench/tamper.py` does it thousands of times."""
    chance = random.Random(20260102)
    files = all_files(packet)
    for _ in range(60):
        path = chance.choice(files)
        whole = bytearray(path.read_bytes())
        at, bit = chance.randrange(len(whole)), chance.randrange(8)
        whole[at] ^= 1 << bit
        kept = path.read_bytes()
        path.write_bytes(whole)
        assert not verify_packet(packet).ok, f"{path.name}, byte {at}, bit {bit}"
        path.write_bytes(kept)


@pytest.mark.slow
def test_a_flipped_bit_in_any_byte_of_the_tag_manifest_is_found(packet: Path) -> None:
    """It is the one file that no other file guards."""
    path = packet / bag.TAG_MANIFEST
    whole = path.read_bytes()
    for at in range(len(whole)):
        bit = 5 if chr(whole[at]).isalpha() else at % 8  # bit 5 makes a small letter a capital
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        assert not verify_packet(packet).ok, f"byte {at}, bit {bit}"


@pytest.mark.parametrize("keep", [0, 1, 200, 10**9])
def test_a_cut_file_is_found(packet: Path, keep: int) -> None:
    """The last of these lacks its last byte alone."""
    for name in ("data/events.jsonl", "data/decision.json", bag.MANIFEST, bag.TAG_MANIFEST, bag.INFO, bag.BAGIT):
        whole = (packet / name).read_bytes()
        (packet / name).write_bytes(whole[: min(keep, len(whole) - 1)])
        assert any(name in line for line in problems(packet)), name
        (packet / name).write_bytes(whole)


@pytest.mark.parametrize("name", ["data/extra.txt", "notes.txt", "data/eval/.hidden", "manifest-md5.txt", "fetch.txt"])
def test_an_added_file_is_named(packet: Path, name: str) -> None:
    (packet / name).write_text("more")
    assert any(f"{name} was added" in line for line in problems(packet))


def test_a_missing_file_is_named(packet: Path) -> None:
    for path in all_files(packet):
        kept, name = path.read_bytes(), path.relative_to(packet).as_posix()
        path.unlink()
        assert any(name in line for line in problems(packet)), name
        path.write_bytes(kept)


def test_a_renamed_file_is_missing_and_added(packet: Path) -> None:
    (packet / "data/policy.json").rename(packet / "data/Policy.json")
    found = problems(packet)
    assert any("data/policy.json is missing" in line for line in found)
    assert any("data/Policy.json was added" in line for line in found)


def edited(packet: Path, change: Callable[[str], str]) -> list[str]:
    path = packet / bag.MANIFEST
    path.write_bytes(change(path.read_text("utf-8")).encode("utf-8", "surrogateescape"))
    return [line for line in problems(packet) if line.startswith("manifest:")]


ZERO = "0" * 64


@pytest.mark.parametrize(
    "name",
    ["../secret", "data/../../secret", "/etc/passwd", "data//x", "data/./x", "C:/x", "data\\x", "~/x", "bagit.txt"],
)
def test_a_path_that_leaves_the_payload_is_refused_and_never_opened(packet: Path, name: str) -> None:
    (packet.parent / "secret").write_text("s")
    found = edited(packet, lambda text: text + f"{ZERO}  {name}\n")
    last = len((packet / bag.MANIFEST).read_text("utf-8").splitlines())
    assert (len(found) == 1 and f"line {last}:" in found[0]) or "is not below data/" in found[0]
    assert "has changed" not in found[0]


def test_crlf_is_named(packet: Path) -> None:
    assert any("CRLF" in line for line in edited(packet, lambda text: text.replace("\n", "\r\n")))


def test_a_file_listed_twice_is_named(packet: Path) -> None:
    assert any("is listed twice" in line for line in edited(packet, lambda text: text + text.splitlines()[0] + "\n"))


def test_a_manifest_that_is_not_text_is_named(packet: Path) -> None:
    assert any("not UTF-8" in line for line in edited(packet, lambda text: text + "\udcff"))


def test_one_space_is_named_as_sha256sum_would_not_read_it(packet: Path) -> None:
    assert any("line 1: not 64 hex digits, two spaces" in e for e in edited(packet, lambda t: t.replace("  ", " ", 1)))


def test_another_version_is_named(packet: Path) -> None:
    (packet / bag.BAGIT).write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
    assert any("BagIt-Version 1.0" in line for line in problems(packet))


def test_a_link_is_refused_whatever_it_leads_to(packet: Path) -> None:
    path = packet / "data/policy.json"
    shutil.move(path, packet.parent / "policy.json")
    path.symlink_to(packet.parent / "policy.json")
    assert any("data/policy.json is a link" in line for line in problems(packet))
    (packet / "data/loop").symlink_to(packet)
    assert any("data/loop is a link" in line for line in problems(packet))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_named_and_not_waited_for(packet: Path) -> None:
    (packet / "data/policy.json").unlink()
    os.mkfifo(packet / "data/policy.json")
    assert any("data/policy.json is not a regular file" in line for line in problems(packet))


def test_sizes_and_counts_are_bounded(packet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (packet / "data/huge").open("wb") as file:
        file.truncate(inventory.MAX_FILE_BYTES + 1)
    assert any("data/huge has 1,073,741,825 bytes" in line for line in problems(packet))
    monkeypatch.setattr(inventory, "MAX_FILES", 10)
    assert any("more than 10 files" in line for line in problems(packet))


def test_a_file_too_large_to_read_is_named(packet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "MAX_TEXT_BYTES", 5000)
    assert any("data/events.jsonl has" in line and "too large" in line for line in problems(packet))


@pytest.mark.skipif(os.name != "posix", reason="such names exist on POSIX only")
def test_a_name_that_is_not_utf8_is_named(packet: Path) -> None:
    with open(os.fsencode(packet) + b"/data/\xff\x1b[31m", "wb") as file:
        file.write(b"x")
    found = [line for line in problems(packet) if "not UTF-8" in line]
    assert found and "\x1b" not in "".join(found)


def test_what_is_no_packet_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name, said in (
        ("file", "is a file"),
        ("empty", "is not a packet"),
        ("nothing", "no folder"),
        ("a\0b", "\u2400"),
    ):
        with pytest.raises(BadInput, match=said) as raised:
            verify_packet(tmp_path / name)
        assert raised.value.exit_code == 2 and raised.value.hint


def test_a_packet_without_its_bagit_txt_is_a_broken_packet(packet: Path) -> None:
    (packet / bag.BAGIT).unlink()
    assert any("bagit.txt is missing" in line for line in problems(packet))


def test_a_file_without_rights_is_named_with_the_reason(packet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = inventory._opener

    def guarded(path: str, flags: int) -> int:
        if Path(path).name == "events.jsonl":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path, flags)

    monkeypatch.setattr(inventory, "_opener", guarded)
    found = problems(packet)
    said = "data/events.jsonl cannot be read: Permission denied"
    assert f"manifest: {said}" in found and f"schemas: {said}" in found and "Errno" not in "".join(found)
