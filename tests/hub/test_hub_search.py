"""Search: what is asked, what comes back, how much of it, and in what form."""

from __future__ import annotations

import pytest
from fakehub.fake_hub import FakeHub

from weighbridge.domain.model.hub import Query, SearchRow
from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.hub import Hub

GGUF = {"a.gguf": b"GGUF"}


def names(rows: tuple[SearchRow, ...]) -> list[str]:
    return [row.repo for row in rows]


@pytest.fixture
def shelf(fake: FakeHub) -> FakeHub:
    """Repositories of several kinds."""
    fake.add("acme/qwen-small", GGUF, card={"license": "apache-2.0"}, gguf={"total": 5 * 10**8}, downloads=10, likes=1)
    fake.add("acme/qwen-large", GGUF, card={"license": "mit"}, gguf={"total": 7 * 10**9}, downloads=30, likes=2)
    fake.add("acme/qwen-gated", GGUF, gated="manual", gguf={"total": 10**9}, downloads=20, likes=9)
    fake.add("acme/qwen-silent", GGUF, downloads=5)
    fake.add("acme/qwen-pytorch", {"model.safetensors": b"x"}, downloads=99)
    fake.add("other/llama", GGUF, downloads=50)
    return fake


def test_rows_say_what_the_hub_says(shelf: FakeHub, hub: Hub) -> None:
    row = hub.search(Query(words="qwen small"))[0]
    assert row == SearchRow(
        repo="acme/qwen-small",
        downloads=10,
        likes=1,
        last_modified="2025-02-07T00:00:00Z",
        licence="apache-2.0",
        n_params=5 * 10**8,
    )


def test_only_repositories_with_gguf_files_by_downloads(shelf: FakeHub, hub: Hub) -> None:
    found = names(hub.search(Query(words="qwen")))
    assert found == ["acme/qwen-large", "acme/qwen-gated", "acme/qwen-small", "acme/qwen-silent"]


def test_filters_reach_the_server(shelf: FakeHub, hub: Hub) -> None:
    assert names(hub.search(Query(licence="mit"))) == ["acme/qwen-large"]
    assert names(hub.search(Query(gated=True))) == ["acme/qwen-gated"]
    assert "acme/qwen-gated" not in names(hub.search(Query(gated=False)))
    assert names(hub.search(Query(sort="likes", limit=1))) == ["acme/qwen-gated"]
    assert names(hub.search(Query(words="qwen", max_params=10**9))) == ["acme/qwen-gated", "acme/qwen-small"]


def test_a_server_without_a_size_filter_still_gives_no_larger_model(shelf: FakeHub, hub: Hub) -> None:
    shelf.repos["acme/qwen-large"].more["gguf"] = {"total": 6 * 10**8}
    shelf.repos["acme/qwen-large"].gguf = {"total": 4 * 10**8}  # what its filter believes
    assert "acme/qwen-large" not in names(hub.search(Query(words="qwen", max_params=5 * 10**8)))


def test_pages_are_read_as_far_as_they_are_wanted(shelf: FakeHub, hub: Hub) -> None:
    shelf.page_size = 2
    assert len(hub.search(Query(words="qwen", limit=3))) == 3
    assert len(shelf.calls("/api/models")) == 2


def test_gates_and_gaps_stay_what_they_are(shelf: FakeHub, hub: Hub) -> None:
    rows = {row.repo: row for row in hub.search(Query())}
    assert rows["acme/qwen-gated"].gate == "manual"
    assert rows["acme/qwen-silent"].n_params is None
    assert rows["acme/qwen-silent"].licence == ""


def test_hostile_rows_are_cleaned_or_left_out(fake: FakeHub, hub: Hub) -> None:
    tags = ["license:mit\x1b[2J\nnew line"]
    fake.add("acme/a", GGUF, tags=tags, gguf={"total": "many", "architecture": "ll\x1b]0;x\x07ama"}, downloads=2)
    fake.add("acme/b", GGUF, more={"id": "acme/\x1b[31mred", "downloads": "lots"})
    (row,) = hub.search(Query())
    assert row.repo == "acme/a"
    assert row.n_params is None
    assert "\x1b" not in row.licence + row.architecture
    assert "\n" not in row.licence


def test_nothing_found_is_an_empty_answer(shelf: FakeHub, hub: Hub) -> None:
    assert hub.search(Query(words="no such thing")) == ()


def test_an_odd_field_is_left_out_and_its_row_stays(fake: FakeHub, hub: Hub) -> None:
    odd: dict[str, object] = {
        "lastModified": "yesterday",
        "tags": "abc",
        "gguf": [1],
        "likes": None,
        "gated": {},
        "cardData": 7,
    }
    fake.add("acme/odd", GGUF, more=odd, downloads=9)
    fake.add("acme/old", GGUF, more={"lastModified": "0001-01-01T00:00:00+09:00"}, downloads=8)
    fake.add("acme/good", GGUF, downloads=7)
    assert names(hub.search(Query())) == ["acme/odd", "acme/old", "acme/good"]
    assert hub.search(Query(limit=1)) == (SearchRow(repo="acme/odd", downloads=9),)


@pytest.mark.parametrize("body", [b"{}", b'{"error": "no"}', b'"text"', b"null", b"7"])
def test_an_answer_without_rows_is_nonsense(fake: FakeHub, hub: Hub, body: bytes) -> None:
    fake.fault("/api/models", body=body, content_type="application/json")
    with pytest.raises(HubProblem) as caught:
        hub.search(Query())
    assert caught.value.kind == "nonsense"


def test_rows_that_are_none_are_left_out(fake: FakeHub, hub: Hub) -> None:
    fake.fault("/api/models", body=b'[null, 7, [], {}, {"id": "acme/x"}]', content_type="application/json")
    assert names(hub.search(Query())) == ["acme/x"]
