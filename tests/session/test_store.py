"""Runs on disk: whole or as they were, one weighbridge at a time."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput, OutsideFailed, Refused
from weighbridge.domain.proof.events import Spawned
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session


def test_a_torn_last_line_is_ignored_and_cut_off(store: RunStore) -> None:
    folder = store.open(store.new_id())
    folder.append(Spawned(t=1.0, pid=1))
    folder.close()
    with folder.events_path.open("ab") as file:
        file.write(b'{"event": "spawn')
    again = store.open(folder.folder.name)
    assert [e.t for e in again.events()] == [1.0]
    again.append(Spawned(t=2.0, pid=2))
    assert [e.t for e in again.events()] == [1.0, 2.0]
    again.close()


def test_a_line_that_is_no_event_is_named(store: RunStore) -> None:
    folder = store.open(store.new_id())
    folder.events_path.write_text('{"event": "party"}\n')
    with pytest.raises(OutsideFailed, match="line 1"):
        list(folder.events())
    folder.close()


async def test_a_run_is_open_in_one_weighbridge_only(session: Session, store: RunStore, deps: Deps) -> None:
    with pytest.raises(Refused, match="open in another weighbridge"):
        Session.resume(store, deps, session.run.id)
    with pytest.raises(Refused):
        store.delete(session.run.id)
    await session.close()
    again = Session.resume(store, deps, session.run.id)
    assert again.run == session.run
    await again.close()


@pytest.mark.parametrize("run_id", ["../../etc", "20260101-000000-abcd", ""])
def test_what_is_no_run_is_refused(store: RunStore, deps: Deps, run_id: str) -> None:
    with pytest.raises(BadInput):
        Session.resume(store, deps, run_id)
    assert not (store.runs / "20260101-000000-abcd").exists()


async def test_a_damaged_run_is_listed_with_its_problem(session: Session, store: RunStore) -> None:
    (session.folder / "run.json").write_text("{")
    (entry,) = store.list()
    assert entry.run is None and "damaged" in entry.problem


def test_a_home_that_is_a_file_is_said(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    store = RunStore(place)
    with pytest.raises(OutsideFailed, match="cannot be written"):
        store.open(store.new_id())


def test_a_full_disk_leaves_the_saved_run_as_it_was(
    session: Session, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = session.folder / "run.json"
    before = path.read_bytes()

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutsideFailed, match="no space left"):
            session.apply(want.Rename(name="larger"))
    assert path.read_bytes() == before and session.run.name == ""
    assert {each.name for each in session.folder.iterdir()} == {"run.json", "lock"}
    session.apply(want.Rename(name="larger"))
    assert store.load(session.run.id).name == "larger"


def test_what_a_killed_save_left_is_swept_when_the_run_is_opened(store: RunStore) -> None:
    folder = store.open(store.new_id())
    left = [folder.folder / ".run.json.a1b2c3", folder.folder / ".events.jsonl.d4e5f6"]
    for path in left:
        path.write_text("half")
    folder.close()
    store.open(folder.folder.name).close()
    assert not any(path.exists() for path in left)


async def test_a_deletion_that_was_killed_is_no_run_and_goes_with_the_next(session: Session, store: RunStore) -> None:
    await session.close()
    half = store.runs / ".gone-20260101-000000-abcd"
    half.mkdir()
    (half / "events.jsonl").write_text("half")
    assert [entry.id for entry in store.list()] == [session.run.id]
    store.delete(session.run.id)
    assert list(store.runs.iterdir()) == []


async def test_a_folder_without_its_run_is_listed_and_deleted(session: Session, store: RunStore) -> None:
    await session.close()
    (session.folder / "run.json").unlink()
    assert store.list() == [], "nothing but a lock: it is just being begun"
    (session.folder / "events.jsonl").write_text("")
    (entry,) = store.list()
    assert entry.run is None and "ended before its first save" in entry.problem
    store.delete(entry.id)
    assert not session.folder.exists()
