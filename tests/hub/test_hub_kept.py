"""Answers that were kept: shown again with their date when the Hub cannot be asked, and never taken for new ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeRepo
from fakehub.fake_tiny import CARD, REPO

from weighbridge.domain.model.hub import Query
from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.hub import Hub

MakeHub = Callable[..., Hub]
LATER = "2026-02-03T00:00:00Z"


def kept_files(home: Path) -> list[Path]:
    return sorted((home / "hub").rglob("*.json"))


@pytest.mark.parametrize("way", ["stopped", "offline", "stalls"])
def test_a_visit_without_the_hub_shows_the_same(
    fake: FakeHub, tiny: FakeRepo, make_hub: MakeHub, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    first = make_hub().repository(REPO)
    card = make_hub().card(first)
    fake.log.clear()
    if way == "stopped":
        fake.stop()
    elif way == "offline":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    else:
        fake.fault(stall_before=True)
    again = make_hub(0.2 if way == "stalls" else 5.0, LATER)
    found = again.repository(REPO)
    assert found == first.model_copy(update={"from_cache": True})
    assert found.fetched_at == "2026-01-02T03:04:05Z"
    assert again.card(found) == card
    assert len(fake.calls()) == (1 if way == "stalls" else 0)


@pytest.mark.parametrize(("first", "second"), [("", "main"), ("main", "")])
def test_the_default_branch_is_kept_by_both_of_its_names(
    fake: FakeHub, tiny: FakeRepo, make_hub: MakeHub, first: str, second: str
) -> None:
    make_hub().repository(REPO, first)
    newest = tiny.commit({"a.gguf": b"GGUF"})
    make_hub().repository(REPO, second)
    fake.stop()
    found = make_hub(now=LATER).repository(REPO, first)
    assert (found.revision, found.asked, found.from_cache) == (newest, first, True)
    with pytest.raises(HubProblem):
        make_hub().repository(REPO, "other")


def test_a_branch_is_asked_anew(fake: FakeHub, tiny: FakeRepo, make_hub: MakeHub) -> None:
    old = make_hub().repository(REPO)
    new = tiny.commit({"a.gguf": b"GGUF"})
    found = make_hub(now=LATER).repository(REPO)
    assert (found.revision, found.from_cache, found.fetched_at) == (new, False, LATER)
    kept = make_hub().repository(REPO, old.revision)
    assert (kept.revision, kept.from_cache) == (old.revision, True)


def test_a_commit_and_its_card_are_fetched_once(fake: FakeHub, tiny: FakeRepo, make_hub: MakeHub) -> None:
    make_hub().card(make_hub().repository(REPO, tiny.sha))
    make_hub().card(make_hub().repository(REPO, tiny.sha))
    assert len(fake.calls("/api/")) == 1
    assert len(fake.calls("README")) == 1


def test_what_the_hub_says_counts_more_than_what_was_kept(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    hub.repository(REPO)
    fake.fault("/api/", status=429, wait_s=5, times=1)
    with pytest.raises(HubProblem) as caught:
        hub.repository(REPO)
    assert caught.value.kind == "rate_limited"
    tiny.disabled = True
    with pytest.raises(HubProblem) as caught:
        hub.repository(REPO)
    assert caught.value.kind == "disabled"


def test_offline_without_a_kept_answer(
    fake: FakeHub, tiny: FakeRepo, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = hub.repository(REPO)
    fake.log.clear()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asks = (
        lambda: hub.search(Query()),
        lambda: hub.repository("acme/other"),
        lambda: hub.repository(REPO, "v1"),
        lambda: hub.card(known),
    )
    for ask in asks:
        with pytest.raises(HubProblem) as caught:
            ask()
        assert caught.value.kind == "offline"
        assert "HF_HUB_OFFLINE" in caught.value.hint
    assert not fake.calls()


def test_endpoints_do_not_share_answers(fake: FakeHub, tiny: FakeRepo, make_hub: MakeHub) -> None:
    make_hub().repository(REPO)
    with FakeHub() as other, pytest.raises(HubProblem) as caught:
        make_hub(endpoint=other.endpoint).repository(REPO)
    assert caught.value.kind == "not_found"


@pytest.mark.parametrize("spoiled", [b"", b"{", b"null", b'{"repo": 1}', b"\xff"])
def test_spoiled_files_are_as_good_as_none(fake: FakeHub, tiny: FakeRepo, hub: Hub, home: Path, spoiled: bytes) -> None:
    hub.card(hub.repository(REPO))
    assert len(kept_files(home)) == 3
    for path in kept_files(home):
        path.write_bytes(spoiled)
    found = hub.repository(REPO, tiny.sha)
    assert not found.from_cache
    assert hub.card(found).text == CARD.decode()


def test_an_answer_of_another_repository_is_not_taken(fake: FakeHub, tiny: FakeRepo, hub: Hub, home: Path) -> None:
    hub.repository(REPO, tiny.sha)
    for path in kept_files(home):
        path.write_bytes(path.read_bytes().replace(b"acme/tiny-GGUF", b"evil/tiny-GGUF"))
    assert not hub.repository(REPO, tiny.sha).from_cache


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_hides_no_answer(fake: FakeHub, tiny: FakeRepo, hub: Hub, home: Path) -> None:
    home.mkdir()
    home.chmod(0o500)
    try:
        assert hub.card(hub.repository(REPO)).text == CARD.decode()
    finally:
        home.chmod(0o700)


def test_a_file_in_place_of_the_folder_hides_no_answer(fake: FakeHub, tiny: FakeRepo, hub: Hub, home: Path) -> None:
    home.mkdir()
    (home / "hub").write_text("in the way")
    assert hub.card(hub.repository(REPO)).text == CARD.decode()


def test_names_stay_in_their_folder(fake: FakeHub, tiny: FakeRepo, hub: Hub, home: Path) -> None:
    tiny.branches["../../../up"] = tiny.sha
    tiny.branches["x" * 300] = tiny.sha
    for asked in ("../../../up", "x" * 300):
        assert hub.repository(REPO, asked).revision == tiny.sha
    assert {path.parent.parent.parent for path in home.parent.rglob("*.json")} == {home / "hub"}
