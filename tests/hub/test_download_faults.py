"""What a server, a disk or an earlier attempt can do to a download, and what becomes of it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fakehub.fake_hub import FakeHub
from shelf import DATA, RESOLVE, Shelf, shelf

from weighbridge.domain.problems import HubProblem, OutsideFailed, Problem

SHA = hashlib.sha256(DATA).hexdigest()


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def file(fake: FakeHub, home: Path) -> Shelf:
    return shelf(fake, home)


@pytest.fixture
def leave(file: Shelf) -> Callable[[bytes], None]:
    """Puts the part of an earlier attempt in its place."""

    def left(data: bytes) -> None:
        file.part.parent.mkdir(parents=True)
        file.part.write_bytes(data)

    return left


def nothing_is_left(file: Shelf) -> bool:
    return not file.target.exists() and not file.part.exists()


def test_flipped_bits_never_get_the_name(file: Shelf) -> None:
    file.fake.fault(RESOLVE, flip_at=1_500_000)
    with pytest.raises(HubProblem, match="not the file that the Hub declares") as caught:
        file.fetch()
    assert caught.value.kind == "digest"
    assert nothing_is_left(file)
    assert len(file.ranges()) == 1


def test_a_garbage_part_is_found_out_and_fetched_anew(file: Shelf, leave: Callable[[bytes], None]) -> None:
    leave(bytes(1_000_000))
    assert file.fetch().sha256 == SHA
    assert file.ranges() == ["bytes=1000000-", ""]


def test_a_garbage_part_from_a_server_that_lies_is_a_problem(file: Shelf, leave: Callable[[bytes], None]) -> None:
    leave(bytes(1_000_000))
    file.fake.fault(RESOLVE, flip_at=2_000_000)
    with pytest.raises(HubProblem) as caught:
        file.fetch()
    assert caught.value.kind == "digest"
    assert nothing_is_left(file)


def test_a_part_that_is_too_long_is_begun_anew(file: Shelf, leave: Callable[[bytes], None]) -> None:
    leave(DATA + b"more")
    assert file.fetch().sha256 == SHA
    assert file.ranges() == [""]


def test_a_whole_part_needs_no_request(file: Shelf, leave: Callable[[bytes], None]) -> None:
    leave(DATA)
    assert file.fetch().sha256 == SHA
    assert not file.fake.calls()


def test_a_range_that_cannot_be_is_asked_without_it(file: Shelf, leave: Callable[[bytes], None]) -> None:
    leave(DATA[:1_000_000])
    file.fake.fault(RESOLVE, status=416, times=1)
    assert file.fetch().sha256 == SHA
    assert file.ranges() == ["bytes=1000000-", ""]


@pytest.mark.parametrize("answer", ["bytes 0-2999999/3000000", "bytes 1000000-1999999/3000000", "", "nonsense"])
def test_another_range_than_the_one_asked_for(file: Shelf, leave: Callable[[bytes], None], answer: str) -> None:
    leave(DATA[:1_000_000])
    file.fake.fault(RESOLVE, headers={"Content-Range": answer}, times=1)
    assert file.fetch().sha256 == SHA
    assert file.ranges() == ["bytes=1000000-", ""]


def test_a_range_of_a_longer_file(file: Shelf, leave: Callable[[bytes], None]) -> None:
    leave(DATA[:1_000_000])
    file.fake.fault(RESOLVE, headers={"Content-Range": "bytes 1000000-2999999/3000001"})
    with pytest.raises(HubProblem, match="3,000,001 bytes where the Hub declares 3,000,000") as caught:
        file.fetch()
    assert caught.value.kind == "nonsense"


@pytest.mark.parametrize("length", [2_999_999, 3_000_001])
def test_a_wrong_length(file: Shelf, length: int) -> None:
    file.fake.fault(RESOLVE, content_length=length)
    with pytest.raises(HubProblem) as caught:
        file.fetch()
    assert caught.value.kind == "nonsense"
    assert not file.target.exists()


def test_a_body_that_does_not_end(file: Shelf) -> None:
    """Chunks instead of a length: the server could send for ever."""
    endless = b"".join(b"%x\r\n%b\r\n" % (100_000, bytes(100_000)) for _ in range(40))
    framing = {"Transfer-Encoding": "chunked", "Content-Length": "3000000"}
    file.fake.fault(RESOLVE, body=endless, headers=framing)
    with pytest.raises(HubProblem, match="sends more than the 3,000,000 bytes") as caught:
        file.fetch()
    assert caught.value.kind == "nonsense"
    assert not file.target.exists()


def test_a_compressed_answer(file: Shelf) -> None:
    file.fake.fault(RESOLVE, headers={"Content-Encoding": "gzip"})
    with pytest.raises(HubProblem, match="gzip") as caught:
        file.fetch()
    assert caught.value.kind == "nonsense"


def test_a_login_page_instead_of_the_file(file: Shelf) -> None:
    file.fake.fault(RESOLVE, body=b"<html>Log in</html>")
    with pytest.raises(HubProblem, match="19 bytes where the Hub declares") as caught:
        file.fetch()
    assert caught.value.kind == "nonsense"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_failing_server_is_asked_again(file: Shelf, status: int) -> None:
    file.fake.fault(RESOLVE, status=status, times=2)
    assert file.fetch().sha256 == SHA


def test_a_short_rate_limit_is_waited_for(file: Shelf) -> None:
    file.fake.fault(RESOLVE, status=429, wait_s=0, times=1)
    assert file.fetch().sha256 == SHA


def test_a_long_rate_limit_is_told(file: Shelf) -> None:
    file.fake.fault(RESOLVE, status=429, wait_s=280)
    with pytest.raises(HubProblem, match="too many requests") as caught:
        file.fetch()
    assert (caught.value.kind, caught.value.wait_s) == ("rate_limited", 280)
    assert len(file.ranges()) == 1


@pytest.mark.parametrize(
    ("code", "kind"), [("GatedRepo", "gated"), ("EntryNotFound", "no_file"), ("RevisionNotFound", "bad_revision")]
)
def test_a_refusal_is_told_at_once(file: Shelf, code: str, kind: str) -> None:
    file.fake.fault(RESOLVE, status=403 if code == "GatedRepo" else 404, error_code=code)
    with pytest.raises(HubProblem) as caught:
        file.fetch(waits=(60.0,))
    assert caught.value.kind == kind


def test_a_full_disk_keeps_the_part(file: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    def full(fd: int, data: Any) -> int:
        if os.fstat(fd).st_size > 500_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:300_001])

    with monkeypatch.context() as patch:
        patch.setattr("weighbridge.services.hub.files.part_file.os.write", full)
        with pytest.raises(OutsideFailed, match="no space left") as caught:
            file.fetch()
    assert "Free some space" in caught.value.hint
    have = file.part.stat().st_size
    assert have > 500_000
    assert file.fetch().sha256 == SHA
    assert file.ranges() == ["", f"bytes={have}-"]


def test_too_small_a_disk_is_said_before_anything_is_written(file: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(1 << 40, 1 << 40, 66 << 20))
    with pytest.raises(Problem, match=r"2 MiB are free for it in .* beside the 64 MiB") as caught:
        file.fetch()
    assert "WEIGHBRIDGE_HOME" in caught.value.hint
    assert file.part.stat().st_size == 0
