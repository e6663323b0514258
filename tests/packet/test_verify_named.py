"""What is wrong is named once and truly, and what could not be looked at is not said to be wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from packet.forge import problems

from weighbridge.services.packet_io import bag
from weighbridge.services.packet_io.verify import verify_packet

pytestmark = pytest.mark.usefixtures("marks_here")


def sealed(packet: Path, change: Callable[[str], str], name: str = bag.INFO) -> None:
    """Changes a text of the packet, and makes the manifests anew."""
    (packet / name).write_bytes(change((packet / name).read_bytes().decode()).encode())
    data = {p.relative_to(packet).as_posix(): p.read_bytes() for p in (packet / "data").rglob("*") if p.is_file()}
    (packet / bag.MANIFEST).write_bytes(bag.manifest(data))
    (packet / bag.TAG_MANIFEST).write_bytes(bag.manifest({n: (packet / n).read_bytes() for n in bag.TAG_FILES}))


@pytest.mark.parametrize("line", ["Gate: PASSED", "Gate: \x1b[32mPASSED"])
def test_a_label_that_the_records_do_not_give_is_named(packet: Path, line: str) -> None:
    sealed(packet, lambda text: f"{text}{line}\n")
    (found,) = problems(packet)
    assert found.startswith("bag-info.txt: bag-info.txt: 'Gate' is no label of a packet") and "\x1b" not in found


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\n".join([*reversed(text.splitlines()), ""]),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("Status: ", "Status:", 1),
        lambda text: text.removesuffix("\n"),
    ],
)
def test_bag_info_is_compared_byte_for_byte(packet: Path, change: Callable[[str], str]) -> None:
    sealed(packet, change)
    (found,) = problems(packet)
    assert found.startswith("bag-info.txt: bag-info.txt, line ") and "the records give" in found


def test_an_empty_folder_is_named(packet: Path) -> None:
    (packet / "data/eval/more").mkdir()
    assert problems(packet) == ["no other files: data/eval/more/ is an empty folder: a packet has none"]


def test_a_label_given_twice_is_one_sentence_and_the_records_are_still_read(packet: Path) -> None:
    sealed(packet, lambda text: text + "Route: local_cpu\n")
    failed = [check for check in verify_packet(packet).checks if not check.ok]
    (wrong,) = [check for check in failed if check.checked]
    assert wrong.detail.startswith("bag-info.txt, line ") and wrong.detail.endswith(": Route occurs twice")
    assert {check.detail for check in failed} == {wrong.detail, "not checked: bag-info.txt cannot be read"}


def test_a_number_of_many_digits_is_one_sentence_in_the_packets_words(packet: Path) -> None:
    sealed(packet, lambda text: text.replace("{", '{"x": ' + "9" * 6000 + ",", 1), "data/policy.json")
    said = "schemas: data/policy.json: a whole number has 6,000 digits, more than 4,300"
    assert said in problems(packet) and "sys." not in "".join(problems(packet))


def capitals(text: str) -> str:
    return "".join(f"{line[:64].upper()}{line[64:]}\n" for line in text.splitlines())


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), capitals])
def test_a_manifest_that_cannot_be_read_is_named_alone(packet: Path, change: Callable[[str], str]) -> None:
    path = packet / bag.MANIFEST
    path.write_bytes(change(path.read_text("utf-8")).encode())
    (packet / bag.TAG_MANIFEST).write_bytes(bag.manifest({n: (packet / n).read_bytes() for n in bag.TAG_FILES}))
    failed = [check for check in verify_packet(packet).checks if not check.ok]
    assert [(check.name, check.checked) for check in failed] == [("manifest", True), ("no other files", False)]
    assert "CRLF" in failed[0].detail or "digits in lower case, nor are" in failed[0].detail
