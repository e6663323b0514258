"""A file of the Hub comes whole, checked, and from where it was left."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile
from shelf import DATA, RESOLVE, Shelf, never, shelf

from weighbridge import __version__
from weighbridge.domain.problems import HubProblem
from weighbridge.services import digests
from weighbridge.services.hub.hub import Hub
from weighbridge.services.model_file import Cancelled

SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def file(fake: FakeHub, home: Path) -> Shelf:
    return shelf(fake, home)


def test_it_comes_whole_with_its_digest_under_its_commit(file: Shelf) -> None:
    seen: list[tuple[int, int]] = []
    hub = Hub(file.home, file.fake.endpoint)
    done = hub.download(file.repo, file.file, lambda now, total: seen.append((now, total)), never)
    assert (done.path, done.sha256, done.compared) == (file.target, SHA, True)
    assert file.target.read_bytes() == DATA
    assert not file.part.exists()
    assert seen[-1] == (len(DATA), len(DATA))
    assert seen == sorted(seen)
    assert file.fake.calls(RESOLVE)[0].path.split("/")[4] == file.repo.revision


def test_what_is_here_is_not_fetched_again(file: Shelf) -> None:
    file.fetch()
    file.fake.stop()
    digests._KNOWN.clear()
    assert file.fetch().path == file.target
    assert Hub(file.home, file.fake.endpoint).local_copy(file.repo, file.file, never) == (file.target, SHA, True)


def test_a_wish_to_stop_keeps_the_part_and_the_next_attempt_goes_on(file: Shelf) -> None:
    slow = file.fake.fault(RESOLVE, stall_after=1_000_000)
    with pytest.raises(Cancelled):
        file.fetch(cancelled=lambda: file.part.exists() and file.part.stat().st_size > 0)
    slow.release.set()
    have = file.part.stat().st_size
    assert file.part.read_bytes() == DATA[:have]
    file.fake.clear_faults()
    assert file.fetch().sha256 == SHA
    assert file.ranges() == ["", f"bytes={have}-"]


def test_a_part_that_is_read_again_counts_as_here_from_the_start(file: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weighbridge.services.hub.files.part_file.CHUNK", 100_000)
    seen: list[int] = []
    file.part.parent.mkdir(parents=True)
    file.part.write_bytes(DATA[:-1000])
    file.fetch(lambda done, total: seen.append(done))
    assert seen[0] == len(DATA) - 1000, "what is read again is not fetched: no rate follows from it"


def test_a_dropped_connection_is_taken_up_where_it_broke(file: Shelf) -> None:
    file.fake.fault(RESOLVE, drop_after=1_000_000, times=2)
    assert file.fetch().sha256 == SHA
    assert file.ranges() == ["", "bytes=1000000-", "bytes=2000000-"]


def test_progress_refills_patience(file: Shelf) -> None:
    file.fake.fault(RESOLVE, drop_after=400_000)
    assert file.fetch(waits=(0.0,)).sha256 == SHA
    assert len(file.ranges()) == 8


def test_a_server_that_only_drops_is_given_up(file: Shelf) -> None:
    file.fake.fault(RESOLVE, drop_after=0)
    with pytest.raises(HubProblem, match=r"tiny-Q4_0\.gguf") as caught:
        file.fetch(waits=(0.0, 0.0))
    assert caught.value.kind == "unreachable"
    assert len(file.ranges()) == 3


def test_a_server_without_ranges_sends_it_from_the_beginning(file: Shelf) -> None:
    file.fake.fault(RESOLVE, drop_after=1_000_000, times=1)
    file.fake.fault(RESOLVE, ignore_range=True)
    assert file.fetch().sha256 == SHA
    assert file.target.read_bytes() == DATA


def test_a_server_that_never_gets_further_is_given_up(file: Shelf) -> None:
    file.fake.fault(RESOLVE, ignore_range=True, drop_after=1_000_000)
    with pytest.raises(HubProblem):
        file.fetch(waits=(0.0, 0.0))
    assert file.ranges() == ["", "bytes=1000000-", "bytes=1000000-"]


def test_a_file_whose_size_nobody_told(file: Shelf) -> None:
    unknown = file.file.model_copy(update={"size_bytes": None})
    file.part.parent.mkdir(parents=True)
    file.part.write_bytes(DATA[:500_000])
    assert file.fetch(file=unknown).sha256 == SHA
    assert file.ranges() == ["bytes=500000-"]


def test_a_file_without_a_declared_digest_is_hashed_and_said_to_be_unchecked(fake: FakeHub, home: Path) -> None:
    file = shelf(fake, home, FakeFile(DATA, lfs=False))
    plain = file.file.model_copy(update={"sha256": ""})
    assert file.fetch(file=plain) == (file.target, SHA, False)
    digests._KNOWN.clear()
    assert file.fetch(file=plain) == (file.target, SHA, False)
    assert len(file.ranges()) == 1
    digests._KNOWN.clear()
    file.target.write_bytes(b"x" + DATA[1:])
    assert file.fetch(file=plain).sha256 == SHA
    assert file.target.read_bytes() == DATA


def test_the_token_goes_to_the_hub_alone(file: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyz")
    file.fake.cdn = True
    assert file.fetch().sha256 == SHA
    asked = {call.host: call.authorized for call in file.fake.calls("gguf")}
    assert asked == {file.fake.endpoint.removeprefix("http://"): True, file.fake.cdn_host: False}


def test_offline_is_said_at_once(file: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(HubProblem) as caught:
        file.fetch(waits=(60.0,))
    assert caught.value.kind == "offline"
    assert not file.fake.calls()


def test_the_server_hears_which_program_asks(file: Shelf) -> None:
    file.fetch()
    assert file.fake.calls(RESOLVE)[0].headers["user-agent"].startswith(f"weighbridge/{__version__};")
