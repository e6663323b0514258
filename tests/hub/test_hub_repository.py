"""A repository at one commit: in one request, pinned, and from servers that speak the protocol in part."""

from __future__ import annotations

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeFile, FakeRepo
from fakehub.fake_tiny import CARD, REPO

from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.hub import Hub


def test_one_request_tells_all(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    found = hub.repository(REPO)
    assert len(fake.calls()) == 1
    assert (found.repo, found.revision, found.asked, found.endpoint) == (REPO, tiny.sha, "", fake.endpoint)
    assert found.metadata == {"license": "apache-2.0", "language": ["en"]}
    assert (found.downloads, found.likes, found.last_modified) == (7, 3, "2025-02-07T00:00:00Z")
    files = {file.path: file for file in found.files}
    assert files["README.md"].size_bytes == len(CARD)
    assert files["README.md"].sha256 == ""
    assert files["tiny-Q4_0.gguf"].sha256 == tiny.commits[tiny.sha]["tiny-Q4_0.gguf"].sha256
    assert not found.from_cache


def test_branches_tags_and_commits(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    first = tiny.sha
    second = tiny.commit({"a.gguf": b"GGUF"})
    third = tiny.commit({"b.gguf": b"GGUF"}, branch="refs/pr/1")
    tiny.git_tags["v1"] = first
    for asked, commit in {"": second, "main": second, "v1": first, "refs/pr/1": third, first: first}.items():
        found = hub.repository(REPO, asked)
        assert (found.revision, found.asked) == (commit, asked)
    assert [file.path for file in hub.repository(REPO, "refs/pr/1").files] == ["b.gguf"]


def test_what_is_read_later_is_pinned(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    first = tiny.sha
    fake.sizes_in_info = False
    found = hub.repository(REPO)
    tiny.commit({"README.md": b"# Another"})
    assert hub.card(found).text == CARD.decode()
    later = [call.path for call in fake.calls()[1:]]
    assert len(later) == 2
    assert all(first in path for path in later)


def test_sizes_come_by_path_where_model_info_has_none(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    fake.sizes_in_info = False
    files = {file.path: file for file in hub.repository(REPO).files}
    assert files["tiny-Q4_0.gguf"].size_bytes == 1000
    assert files["tiny-Q4_0.gguf"].sha256 == tiny.commits[tiny.sha]["tiny-Q4_0.gguf"].sha256
    assert len(fake.calls()) == 2


def test_sizes_come_by_the_tree_where_paths_are_refused(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    fake.sizes_in_info = False
    fake.fault("paths-info", status=404)
    assert {file.size_bytes for file in hub.repository(REPO).files} == {len(CARD), 1000, 4}


def test_sizes_stay_unknown_where_no_way_gives_them(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    fake.sizes_in_info = False
    fake.fault("paths-info|tree", status=404)
    found = hub.repository(REPO)
    assert {file.size_bytes for file in found.files} == {None}
    assert {file.sha256 for file in found.files} == {""}


@pytest.mark.parametrize("asked", ["", "main", "commit"])
def test_a_server_that_refuses_revisions_still_tells_of_its_newest(
    fake: FakeHub, tiny: FakeRepo, hub: Hub, asked: str
) -> None:
    fake.revision_in_info = "refused"
    assert hub.repository(REPO, tiny.sha if asked == "commit" else asked).revision == tiny.sha


def test_a_server_that_refuses_revisions_never_passes_one_for_another(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    old = tiny.sha
    tiny.commit({"a.gguf": b"GGUF"})
    fake.revision_in_info = "refused"
    for asked in (old, "v1"):
        with pytest.raises(HubProblem, match="default branch only") as caught:
            hub.repository(REPO, asked)
        assert caught.value.kind == "bad_revision"


def test_a_server_that_wants_a_revision_is_given_main(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    fake.revision_in_info = "required"
    assert hub.repository(REPO).revision == tiny.sha


def test_names_of_files_that_could_escape_or_deceive_are_left_out(fake: FakeHub, hub: Hub) -> None:
    hostile = ["../up.gguf", "/etc/x.gguf", "a\\b.gguf", "\x1b[2Jx.gguf", "a//b.gguf", "x\u202egguf.exe", "n" * 300]
    fake.add(REPO, {"good/model.gguf": b"GGUF", **dict.fromkeys(hostile, b"GGUF")})
    assert [file.path for file in hub.repository(REPO).files] == ["good/model.gguf"]


def test_hostile_metadata_is_cleaned_and_bounded(fake: FakeHub, hub: Hub) -> None:
    deep: dict[str, object] = {}
    inner = deep
    for _ in range(50):
        inner["d"] = inner = {}
    card = {"k\x1b[2J" * 90: "v\x1b[31m", "deep": deep, "many": ["x"] * 50_000, "tags": 5, "self": 1, "n": 10**30}
    fake.add(REPO, {"a.gguf": b"GGUF"}, card=card, tags=["\x1b[5mblink"])
    found = hub.repository(REPO)
    text = found.model_dump_json()
    assert "\\u001b" not in text
    assert "\x1b" not in text
    assert len(text) < 100_000
    assert found.metadata["tags"] == 5
    assert text.count('"d":') < 10
    assert max(map(len, found.metadata)) <= 200


def test_odd_dates_counts_and_digests_are_unknown(fake: FakeHub, hub: Hub) -> None:
    odd = {"lastModified": "yesterday", "downloads": "many", "likes": True, "gated": "perhaps", "cardData": [1]}
    fake.add(REPO, {"a.gguf": FakeFile(b"GGUF", declared_sha256="not hex")}, more=odd)
    found = hub.repository(REPO)
    assert (found.last_modified, found.downloads, found.likes, found.metadata) == ("", None, None, {})
    assert found.gate == "manual"
    assert found.files[0].sha256 == ""


def test_gated_and_private_metadata_can_be_read(fake: FakeHub, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.add("acme/gated", {"a.gguf": b"GGUF"}, gated="auto", card={"license": "llama3.2"})
    fake.add("acme/private", {"a.gguf": b"GGUF"}, private=True)
    assert hub.repository("acme/gated").gate == "auto"
    assert hub.repository("acme/gated").metadata == {"license": "llama3.2"}
    fake.tokens["hf_good"] = {"acme/private"}
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    assert hub.repository("acme/private").private
