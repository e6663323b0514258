"""A packet that was made to hurt its reader: named, refused or made harmless, and never followed, run or waited for."""

from __future__ import annotations

import io
import os
import socket
import unicodedata
import zipfile
from pathlib import Path

import pytest
from packet.forge import document, lines, problems, reseal

from weighbridge.domain.verdict.graders import Mark
from weighbridge.services.cases import marking
from weighbridge.services.packet_io import bag, inventory
from weighbridge.services.packet_io.inventory import take_inventory
from weighbridge.services.packet_io.verify import verify_packet

pytestmark = pytest.mark.usefixtures("marks_here")
EVENTS = "data/events.jsonl"


def replaced(packet: Path, name: str, before: str, after: str) -> list[str]:
    """Problems once the first `before` of a file is another text and every checksum holds again."""
    path = packet / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    reseal(packet)
    return problems(packet)


def test_a_folder_that_is_a_link_is_named_and_not_entered(packet: Path) -> None:
    (packet / "data/eval").rename(packet.parent / "eval")
    (packet / "data/eval").symlink_to(packet.parent / "eval", target_is_directory=True)
    found = problems(packet)
    assert any("data/eval is a link" in line for line in found)
    assert any("data/eval/cases.jsonl is missing" in line for line in found)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_a_socket_is_named_and_not_opened(packet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(packet)  # such a path may be no longer than about 100 characters
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("data/line")
        assert any("data/line is not a regular file" in line for line in problems(packet))


def test_an_archive_that_grows_a_thousandfold_is_a_file_like_any_other(packet: Path) -> None:
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10_000_000))
    (packet / "data/more.zip").write_bytes(inside.getvalue())
    assert any("data/more.zip was added" in line for line in problems(packet))
    reseal(packet)
    assert any("data/more.zip" in line and "nothing in the records" in line for line in problems(packet))


def test_huge_files_of_holes_are_named_and_never_read(packet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take no place on the disk; a log among them would be hashed for hours."""
    reseal(packet)
    for name, size in (("data/logs/huge.log", inventory.MAX_FILE_BYTES + 1), ("data/logs/more.log", 4096)):
        with (packet / name).open("wb") as file:
            file.truncate(size)
        with (packet / bag.MANIFEST).open("a") as manifest:
            manifest.write(f"{'0' * 64}  {name}\n")
    held = sum(path.stat().st_size for path in packet.rglob("*") if path.is_file() and path.name != "huge.log")
    monkeypatch.setattr(inventory, "MAX_BYTES", held - 1)
    files = take_inventory(packet)
    assert "data/logs/huge.log" in files.unchecked and len(files.unchecked) == 2
    for name in files.unchecked:
        with pytest.raises(OSError, match="too large to be checked"):
            files.sha256(name)
    found = problems(packet)
    assert any("data/logs/huge.log has 1,073,741,825 bytes" in line for line in found)
    assert any("bytes in all: not checked" in line for line in found)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("name", ["data/runtime.json", EVENTS])
def test_what_is_no_number_is_refused(packet: Path, name: str, number: str) -> None:
    text = (packet / name).read_text("utf-8")
    start = text.index('"cpu_percent":' if name == EVENTS else '"ttft_s":')
    value = text[start : text.index(",", start)]
    found = replaced(packet, name, value, f"{value.partition(':')[0]}: {number}")
    said = "beyond what a computer holds" if number == "1e999" else "is no number of JSON"
    assert any(line.startswith(f"schemas: {name}") and said in line for line in found)


def test_a_value_that_is_given_twice_is_refused(packet: Path) -> None:
    """Who reads the first one and who reads the last one would read two packets."""
    found = replaced(packet, "data/decision.json", '"status":', '"status": "planned",\n "status":')
    assert any("'status' stands twice" in line for line in found)


@pytest.mark.parametrize("name", ["data/decision.json", EVENTS])
def test_deep_nesting_is_refused(packet: Path, name: str) -> None:
    deep = "[" * 200_000 + "]" * 200_000
    (packet / name).write_text(deep + "\n", "utf-8")
    reseal(packet)
    assert any(line.startswith(f"schemas: {name}") for line in problems(packet))


@pytest.mark.parametrize(
    ("one", "other"),
    [("data/logs/Log.txt", "data/logs/log.txt"), ("data/caf\u00e9.txt", unicodedata.normalize("NFD", "data/café.txt"))],
)
def test_two_names_that_are_one_elsewhere_are_named(packet: Path, one: str, other: str) -> None:
    (packet / one).write_text("one")
    (packet / other).write_text("other")
    if len({path.name for path in (packet / one).parent.iterdir()} & {Path(one).name, Path(other).name}) < 2:
        pytest.skip("they are one here")
    reseal(packet)
    assert any("are one name on systems that ignore case" in line for line in problems(packet))


@pytest.mark.parametrize("name", [bag.MANIFEST, bag.TAG_MANIFEST])
def test_a_manifest_in_another_order_is_named(packet: Path, name: str) -> None:
    """No checksum guards the order of the tag manifest, and its digest is the seal."""
    path = packet / name
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))
    tags = [line[66:] for line in (packet / bag.TAG_MANIFEST).read_text("utf-8").splitlines()]
    if name == bag.MANIFEST:
        (packet / bag.TAG_MANIFEST).write_bytes(bag.manifest({tag: (packet / tag).read_bytes() for tag in tags}))
    assert [line for line in problems(packet) if name in line and "stands out of order" in line]


def test_a_file_that_is_changed_while_it_is_read_is_named(packet: Path) -> None:
    """What is checked is what was hashed: neither other bytes, nor a link or a pipe that took the file's place."""
    files = take_inventory(packet)
    path = packet / "data/policy.json"
    files.sha256("data/policy.json")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"1", b"2"))
    with pytest.raises(OSError, match=r"data/policy\.json has changed while"):
        files.text("data/policy.json")
    path.write_bytes(whole + b"\n")
    with pytest.raises(OSError, match=r"data/policy\.json has changed while"):
        files.text("data/policy.json")
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(OSError, match=r"data/policy\.json cannot be read"):
        files.text("data/policy.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(packet: Path) -> None:
    files = take_inventory(packet)
    (packet / "data/policy.json").unlink()
    os.mkfifo(packet / "data/policy.json")
    with pytest.raises(OSError, match="has changed while"):
        files.text("data/policy.json")


def test_a_text_that_a_spreadsheet_would_run_is_quoted_in_every_table(packet: Path) -> None:
    for table in packet.glob("data/**/*.csv"):
        for line in table.read_text("utf-8").splitlines():
            assert not any(cell[:1] in ("=", "@") for cell in line.split(",")), table.name


def test_a_later_form_is_not_judged(packet: Path) -> None:
    document(packet, "decision.json", lambda d: {**d, "schema_version": 99, "software": "weighbridge 9.0\x1b[31m"})
    report = verify_packet(packet)
    wrong = [check for check in report.checks if not check.ok]
    assert not report.ok and [check.checked for check in wrong] == [False]
    assert (
        "form 99" in wrong[0].detail
        and "written by weighbridge 9.0" in wrong[0].detail
        and "\x1b" not in wrong[0].detail
    )


def test_a_schema_that_points_elsewhere_is_refused_and_nothing_is_fetched(
    packet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetched(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", fetched)
    schema = {"properties": {"route": {"$ref": "http://192.0.2.1/route.schema.json"}}}
    grader = {"kind": "json_schema", "target": schema}
    lines(packet, "eval/cases.jsonl", lambda rows: [row | {"grader": grader} for row in rows])
    found = problems(packet)
    assert any(line.startswith("schemas: data/eval/cases.jsonl") and "$ref" in line for line in found), found


def test_patterns_that_never_end_are_given_up_together(packet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many they are, only a few of them cost their time."""
    tried: list[int] = []

    def never(work: marking.Work) -> list[Mark]:
        tried.append(len(work))
        return []

    monkeypatch.setattr(marking, "_apart", never)
    grader = {"kind": "pattern", "target": "(a+)+$"}
    lines(packet, "eval/cases.jsonl", lambda rows: [row | {"grader": grader} for row in rows])
    found = problems(packet)
    assert any(line.startswith("marks: ") and "could not be applied" in line for line in found)
    assert len(tried) <= 2 * marking.MOST_SLOW, "the results, and the events"
