"""Reading the beginning of a file by ranges, from servers that do it right and others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from shelf import DATA, RESOLVE, Shelf, never, shelf, wait_until

from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.client import HubClient
from weighbridge.services.hub.files import transfer
from weighbridge.services.hub.files.fetch import file_url
from weighbridge.services.hub.files.ranges import RangeReader
from weighbridge.services.model_file import Cancelled

SIZE = len(DATA)


@pytest.fixture
def file(fake: FakeHub, home: Path) -> Shelf:
    return shelf(fake, home)


def reader(file: Shelf, size: int | None = SIZE, waits: tuple[float, ...] = (0.0, 0.0)) -> RangeReader:
    HubClient(file.fake.endpoint).open()
    return RangeReader(file_url(file.repo, file.file.path, file.fake.endpoint), "the file", size, never, waits)


def test_only_what_is_asked_for_is_fetched_and_only_once(file: Shelf) -> None:
    ranges = reader(file)
    assert ranges.read_at(0, 1000) == DATA[:1000]
    assert ranges.read_at(500, 100) == DATA[500:600]
    assert ranges.read_at(2000, 1000) == DATA[2000:3000]
    assert file.ranges() == ["bytes=0-999", "bytes=1000-2999"]
    assert ranges.fetched_bytes == file.fake.bytes_sent(RESOLVE) == 3000
    assert all(call.headers["accept-encoding"] == "identity" for call in file.fake.calls(RESOLVE))


def test_the_end_of_the_file_ends_it(file: Shelf) -> None:
    assert reader(file).read_at(SIZE - 10, 100) == DATA[-10:]


def test_a_size_that_nobody_told_is_learnt(file: Shelf) -> None:
    ranges = reader(file, size=None)
    assert ranges.size == SIZE
    assert ranges.read_at(0, 10) == DATA[:10]
    assert len(file.ranges()) == 1


def test_a_server_without_ranges_is_refused_unread(file: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def pieces(response: object) -> list[bytes]:
        read.append(response)
        return []

    monkeypatch.setattr(transfer, "_pieces", pieces)
    file.fake.fault(RESOLVE, ignore_range=True)
    with pytest.raises(HubProblem, match="whole files only") as caught:
        reader(file).read_at(0, 1000)
    wait_until(lambda: not any(thread.name == "transfer" for thread in threading.enumerate()))
    assert not read
    assert caught.value.kind == "no_ranges"
    assert "download the whole file" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("bytes 1-1000/3000000", "sends bytes 1 to 1,001 where 0 to 1,000 were asked for"),
        ("bytes 0-1999/3000000", "sends bytes 0 to 2,000"),
        ("bytes 0-998/3000000", "sends bytes 0 to 999"),
        ("bytes 0-999/2999999", "has a file of 2,999,999 bytes where the Hub declares 3,000,000"),
        ("bytes 0-999/*", "does not say which bytes"),
        ("", "does not say which bytes"),
        ("bytes ٠-٩٩٩/3000000".encode().decode("latin-1"), "does not say which bytes"),
    ],
)
def test_a_range_that_was_not_asked_for_is_nonsense(file: Shelf, answer: str, said: str) -> None:
    file.fake.fault(RESOLVE, headers={"Content-Range": answer})
    with pytest.raises(HubProblem) as caught:
        reader(file).read_at(0, 1000)
    assert caught.value.kind == "nonsense"
    assert said in str(caught.value)


def test_a_short_answer_is_asked_again(file: Shelf) -> None:
    file.fake.fault(RESOLVE, drop_after=300, times=2)
    assert reader(file).read_at(0, 1000) == DATA[:1000]
    assert file.ranges() == ["bytes=0-999"] * 3


def test_a_failure_loses_nothing_that_came_before_it() -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        yield b"b"
        raise ConnectionError

    blocks = transfer._gathered(broken(), lambda: False)
    assert next(blocks) == b"ab"
    with pytest.raises(ConnectionError):
        next(blocks)


def test_answers_that_stay_short_are_told(file: Shelf) -> None:
    file.fake.fault(RESOLVE, drop_after=300)
    with pytest.raises(HubProblem) as caught:
        reader(file).read_at(0, 1000)
    assert caught.value.kind == "unreachable"
    assert len(file.ranges()) == 3


def test_an_answer_that_is_too_long_is_nonsense(file: Shelf) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (600, bytes(600)) for _ in range(4)) + b"0\r\n\r\n"
    headers = {"Transfer-Encoding": "chunked", "Content-Range": "bytes 0-999/3000000"}
    file.fake.fault(RESOLVE, status=206, body=body, headers=headers)
    with pytest.raises(HubProblem, match="sends more bytes than were asked for"):
        reader(file).read_at(0, 1000)


def test_a_compressed_range_is_nonsense(file: Shelf) -> None:
    file.fake.fault(RESOLVE, headers={"Content-Encoding": "br"})
    with pytest.raises(HubProblem, match="encoded as br"):
        reader(file).read_at(0, 1000)


def test_a_failing_server_is_asked_again_and_a_refusal_is_not(file: Shelf) -> None:
    file.fake.fault(RESOLVE, status=503, times=2)
    assert reader(file).read_at(0, 1000) == DATA[:1000]
    file.fake.fault(RESOLVE, status=403, error_code="GatedRepo")
    with pytest.raises(HubProblem) as caught:
        reader(file, waits=(60.0,)).read_at(0, 1000)
    assert caught.value.kind == "gated"


def test_a_drop_of_bytes_a_time_ends_at_the_limit(file: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weighbridge.services.hub.files.ranges.LIMIT_S", 0.2)
    file.fake.fault(RESOLVE, bytes_per_s=1, stall_after=1)
    with pytest.raises(HubProblem) as caught:
        reader(file, waits=()).read_at(0, 1000)
    assert caught.value.kind == "timeout"


def test_all_attempts_together_end_at_the_limit(file: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "weighbridge.hub")
    file.fake.fault(RESOLVE, stall_after=100)
    HubClient(file.fake.endpoint).open()
    url = file_url(file.repo, file.file.path, file.fake.endpoint)
    with pytest.raises(HubProblem) as caught:
        RangeReader(url, "the file", SIZE, never, (0.0,) * 9, limit_s=0.2).read_at(0, 1000)
    assert caught.value.kind == "timeout" and len(file.ranges()) == 1
    assert not caplog.messages, "nothing is promised that is not done"


def test_it_can_be_stopped_while_the_server_stalls(file: Shelf) -> None:
    stalled = file.fake.fault(RESOLVE, stall_after=10)
    HubClient(file.fake.endpoint).open()
    url = file_url(file.repo, file.file.path, file.fake.endpoint)
    with pytest.raises(Cancelled):
        RangeReader(url, "the file", SIZE, stalled.reached.is_set).read_at(0, 1000)
    assert not stalled.release.is_set()


def test_a_rate_limit_is_told_instead_of_waited_for(file: Shelf) -> None:
    file.fake.fault(RESOLVE, status=429, wait_s=30)
    with pytest.raises(HubProblem) as caught:
        reader(file).read_at(0, 1000)
    assert (caught.value.kind, caught.value.wait_s) == ("rate_limited", 30.0)
    assert len(file.fake.calls(RESOLVE)) == 1
