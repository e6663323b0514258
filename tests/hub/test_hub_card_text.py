"""README.md at one commit: as it stands, bounded, or a gap that says why."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile, FakeRepo
from fakehub.fake_tiny import REPO

from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.hub import Hub

GGUF = {"a.gguf": b"GGUF"}


def test_text_is_raw_and_its_digest_is_that_of_the_bytes(fake: FakeHub, hub: Hub) -> None:
    raw = "﻿---\nlicense: mit\n---\r\n# \x1b[31mRed\u202e [@click=app.quit]x[/]\n".encode()
    fake.add(REPO, {"README.md": raw, **GGUF})
    card = hub.card(hub.repository(REPO))
    assert card.text.encode() == raw
    assert (card.sha256, card.size_bytes, card.gap) == (hashlib.sha256(raw).hexdigest(), len(raw), "")
    assert card.fetched_at == "2026-01-02T03:04:05Z"


def test_bytes_that_are_no_text_are_replaced(fake: FakeHub, hub: Hub) -> None:
    raw = b"# caf\xe9 \xff\xfe"
    fake.add(REPO, {"README.md": raw, **GGUF})
    card = hub.card(hub.repository(REPO))
    assert card.text == "# caf\ufffd \ufffd\ufffd"
    assert card.sha256 == hashlib.sha256(raw).hexdigest()


def test_no_card_is_a_gap_without_a_request(fake: FakeHub, hub: Hub) -> None:
    fake.add(REPO, GGUF)
    card = hub.card(hub.repository(REPO))
    assert "no README.md" in card.gap
    assert len(fake.calls()) == 1


def test_no_card_on_a_server_that_lists_no_files(fake: FakeHub, hub: Hub) -> None:
    fake.add(REPO, GGUF, more={"siblings": None})
    assert "no README.md" in hub.card(hub.repository(REPO)).gap


@pytest.mark.parametrize("announced", [True, False])
def test_a_huge_card_is_not_read(fake: FakeHub, hub: Hub, tmp_path: Path, announced: bool) -> None:
    huge = tmp_path / "huge.md"
    with huge.open("wb") as file:
        file.truncate(200_000_000)
    fake.add(REPO, {"README.md": huge, **GGUF}, more={} if announced else {"siblings": []})
    fake.log.clear()
    card = hub.card(hub.repository(REPO))
    assert "200.0 MB" in card.gap
    assert "16 MiB" in card.gap
    assert card.size_bytes == 200_000_000
    assert fake.bytes_sent("README") < 100_000_000, "more than that does not wait between two sockets"


def test_a_card_that_is_longer_than_announced_is_not_read(fake: FakeHub, hub: Hub) -> None:
    fake.add(REPO, GGUF, more={"siblings": []})
    endless = {"Transfer-Encoding": "chunked"}
    body = b"1000000\r\n" + b"x" * 0x1000000 + b"\r\n1000000\r\n" + b"x" * 0x1000000 + b"\r\n0\r\n\r\n"
    fake.fault("README", body=body, headers=endless, omit_length=True)
    card = hub.card(hub.repository(REPO))
    assert "more than 16 MiB" in card.gap
    assert card.size_bytes is None


def test_a_card_of_another_size_than_declared_is_nonsense(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    known = hub.repository(REPO)
    fake.fault("README", body=b"# Another")
    with pytest.raises(HubProblem, match="declares") as caught:
        hub.card(known)
    assert caught.value.kind == "nonsense"


def test_a_card_with_another_digest_than_declared_is_refused(fake: FakeHub, hub: Hub) -> None:
    fake.add(REPO, {"README.md": FakeFile(b"# Large", lfs=True), **GGUF})
    known = hub.repository(REPO)
    fake.fault("README", flip_at=3)
    with pytest.raises(HubProblem) as caught:
        hub.card(known)
    assert caught.value.kind == "digest"
    fake.clear_faults()
    assert hub.card(known).text == "# Large"


def test_a_gated_card_is_asked_again(fake: FakeHub, hub: Hub) -> None:
    repo = fake.add(REPO, {"README.md": b"# Open at last", **GGUF}, gated="auto")
    known = hub.repository(REPO)
    assert hub.card(known).gap
    repo.gated = False
    assert hub.card(known).text == "# Open at last"
