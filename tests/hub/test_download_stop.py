"""Stopping at any moment, being killed, and two at once."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from fakehub.fake_hub import FakeHub
from shelf import DATA, RESOLVE, Shelf, never, shelf, size_of, wait_until

from weighbridge.services.hub.files.download import Source, Ticker, turn
from weighbridge.services.hub.files.fetch import lock_place
from weighbridge.services.hub.files.transfer import READ_S
from weighbridge.services.model_file import Cancelled

SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def file(fake: FakeHub, home: Path) -> Shelf:
    return shelf(fake, home)


def test_a_stalled_server_does_not_hold_the_caller(file: Shelf) -> None:
    stalled = file.fake.fault(RESOLVE, stall_after=1000)
    with pytest.raises(Cancelled):
        file.fetch(cancelled=lambda: size_of(file.part) == 1000)
    assert not stalled.release.is_set()
    left = file.part.read_bytes()
    assert left == DATA[:1000]
    stalled.release.set()
    file.fake.stop()
    assert file.part.read_bytes() == left


def test_a_server_that_never_answers_does_not_hold_the_caller(file: Shelf) -> None:
    silent = file.fake.fault(RESOLVE, stall_before=True)
    with pytest.raises(Cancelled):
        file.fetch(cancelled=silent.reached.is_set)
    assert not silent.release.is_set()


def test_connecting_does_not_hold_the_caller(file: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    trying, allowed, done = threading.Event(), threading.Event(), threading.Event()

    def connect(*_: Any, **__: Any) -> socket.socket:
        trying.set()
        allowed.wait()
        done.set()
        raise OSError("too late")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Cancelled):
        file.fetch(cancelled=trying.is_set)
    assert not done.is_set()
    allowed.set()
    wait_until(done.is_set)


def test_waiting_for_the_next_attempt_does_not_hold_the_caller(file: Shelf) -> None:
    failing = file.fake.fault(RESOLVE, status=503)
    with pytest.raises(Cancelled):
        file.fetch(cancelled=failing.reached.is_set, waits=(60.0,))


def test_stopping_ends_the_connection(file: Shelf) -> None:
    """The server is not left with a client that reads no more."""
    file.fake.fault(RESOLVE, stall_after=1000)
    with pytest.raises(Cancelled):
        file.fetch(cancelled=lambda: size_of(file.part) == 1000)
    wait_until(lambda: not any(thread.name == "transfer" for thread in threading.enumerate()), READ_S / 2)


def test_a_killed_download_goes_on_where_it_was(file: Shelf) -> None:
    file.fake.fault(RESOLVE, stall_after=2_000_000, times=1)
    child = file.start_child()
    wait_until(lambda: size_of(file.part) > 500_000)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    have = file.part.stat().st_size
    assert file.part.read_bytes() == DATA[:have]
    assert file.fetch().sha256 == SHA
    assert file.ranges() == ["", f"bytes={have}-"]


def test_two_processes_fetch_it_once(file: Shelf) -> None:
    stalled = file.fake.fault(RESOLVE, stall_after=1_000_000, times=1)
    first = file.start_child()
    wait_until(lambda: size_of(file.part) > 0)
    seen: list[int] = []

    def watch(now: int, total: int) -> None:
        seen.append(now)
        stalled.release.set()

    assert file.fetch(watch).sha256 == SHA
    said, errors = first.communicate(timeout=120)
    assert (said.strip(), first.returncode) == (SHA, 0), errors
    assert 0 < seen[0] < len(DATA)
    assert len(file.ranges()) == 1
    assert not file.part.exists()


def test_waiting_for_another_weighbridge_can_be_stopped(file: Shelf) -> None:
    file.part.parent.mkdir(parents=True)
    file.part.write_bytes(DATA[:1000])
    seen: list[int] = []
    other = turn(lock_place(file.home, file.part), file.part, Source("", "", None, ""), Ticker(None), never)
    with other, pytest.raises(Cancelled):
        file.fetch(lambda now, _: seen.append(now), lambda: bool(seen))
    assert seen == [1000]
    assert not file.fake.calls()


def test_no_lock_stays_beside_the_models(file: Shelf) -> None:
    file.fetch()
    assert [path for path in (file.home / "models").rglob("*") if path.is_file()] == [file.target]
