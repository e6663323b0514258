"""Every way in which the Hub says no, or nothing: one sentence, its kind, and what to do."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeRepo
from fakehub.fake_tiny import REPO
from shelf import wait_until

from weighbridge.domain.model.hub import Query
from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.hub import Hub

TOKEN = "hf_abcdefghijklmnop"
SHORT_S = 0.5


def problem(ask: Callable[[], object]) -> HubProblem:
    with pytest.raises(HubProblem) as caught:
        ask()
    shown = f"{caught.value} {caught.value.hint}"
    assert TOKEN not in shown
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert caught.value.hint
    return caught.value


@pytest.fixture
def with_token(fake: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.tokens[TOKEN] = set()
    monkeypatch.setenv("HF_TOKEN", TOKEN)


def test_unknown_repository_may_be_private(fake: FakeHub, hub: Hub) -> None:
    found = problem(lambda: hub.repository("acme/none"))
    assert (found.kind, found.exit_code) == ("not_found", 2)
    assert "misspelt or private" in str(found)
    assert "HF_TOKEN" in found.hint


def test_unknown_repository_with_a_token(fake: FakeHub, hub: Hub, with_token: None) -> None:
    fake.add("acme/private", {"a.gguf": b"GGUF"}, private=True)
    found = problem(lambda: hub.repository("acme/private"))
    assert found.kind == "not_found"
    assert "your token" in str(found)


def test_gated_card_says_where_to_accept(fake: FakeHub, hub: Hub) -> None:
    fake.add("acme/gated", {"README.md": b"# x", "a.gguf": b"GGUF"}, gated="manual")
    card = hub.card(hub.repository("acme/gated"))
    assert card.text == ""
    assert f"open {fake.endpoint}/acme/gated, accept" in card.gap
    assert "HF_TOKEN" in card.gap


def test_gated_card_with_a_token_asks_for_no_token(fake: FakeHub, hub: Hub, with_token: None) -> None:
    fake.add("acme/gated", {"README.md": b"# x", "a.gguf": b"GGUF"}, gated="manual")
    card = hub.card(hub.repository("acme/gated"))
    assert "no access yet" in card.gap
    assert "set HF_TOKEN" not in card.gap
    fake.tokens[TOKEN] = {"acme/gated"}
    assert hub.card(hub.repository("acme/gated")).text == "# x"


@pytest.mark.parametrize("by_field", [False, True])
def test_disabled_repository(fake: FakeHub, tiny: FakeRepo, hub: Hub, by_field: bool) -> None:
    if by_field:
        tiny.more["disabled"] = True
    else:
        tiny.disabled = True
    found = problem(lambda: hub.repository(REPO))
    assert (found.kind, found.exit_code) == ("disabled", 3)


def test_unknown_revision(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    found = problem(lambda: hub.repository(REPO, "v9"))
    assert (found.kind, found.exit_code) == ("bad_revision", 2)
    assert "v9" in str(found)


@pytest.mark.parametrize("name", ["", "a/b/c", "../etc", "acme/..", "acme/\x1b[2J", "acme/x y", "x" * 200, "acme/"])
def test_bad_names_are_told_before_anything_is_sent(fake: FakeHub, hub: Hub, name: str) -> None:
    assert problem(lambda: hub.repository(name)).kind == "bad_name"
    assert not fake.calls()


@pytest.mark.parametrize("ask", ["search", "repository"])
def test_rate_limit_is_told_at_once_with_its_seconds(fake: FakeHub, tiny: FakeRepo, hub: Hub, ask: str) -> None:
    fake.fault("/api/", status=429, wait_s=77)
    found = problem(lambda: hub.search(Query()) if ask == "search" else hub.repository(REPO))
    assert (found.kind, found.wait_s) == ("rate_limited", 77.0)
    assert "77 s" in found.hint
    assert len(fake.calls()) == 1


def test_rate_limit_in_seconds_of_retry_after(fake: FakeHub, hub: Hub) -> None:
    fake.fault("/api/", status=429, headers={"Retry-After": "12"})
    assert problem(lambda: hub.search(Query())).wait_s == 12.0


def test_rate_limit_without_seconds(fake: FakeHub, hub: Hub) -> None:
    fake.fault("/api/", status=429, headers={"Retry-After": "tomorrow"})
    assert problem(lambda: hub.search(Query())).wait_s is None


@pytest.mark.parametrize("where", ["/api/models\\?", "/api/models/", "README"])
@pytest.mark.parametrize("what", [{"stall_before": True}, {"stall_after": 10}])
def test_a_server_that_stalls_is_left(
    fake: FakeHub, tiny: FakeRepo, make_hub: Callable[..., Hub], where: str, what: dict[str, Any]
) -> None:
    known = make_hub().repository(REPO) if where == "README" else None
    hub, fault = make_hub(SHORT_S), fake.fault(where, **what)
    asks = {"README": lambda: hub.card(known) if known else None, "/api/models/": lambda: hub.repository(REPO, "v1")}
    assert problem(asks.get(where, lambda: hub.search(Query()))).kind == "timeout"
    wait_until(fault.reached.is_set)
    assert len(fake.calls(where)) == (2 if where == "/api/models/" and known else 1)


def test_a_server_that_trickles_is_left(fake: FakeHub, tiny: FakeRepo, make_hub: Callable[[float], Hub]) -> None:
    tiny.more["filler"] = "x" * 1_000_000
    fake.fault("/api/", bytes_per_s=1_000_000)
    assert problem(lambda: make_hub(0.1).repository(REPO)).kind == "timeout"


def test_endless_pages_end(fake: FakeHub, make_hub: Callable[[float], Hub]) -> None:
    link = f'<{fake.endpoint}/api/models?cursor=1>; rel="next"'
    fake.fault("/api/", body=b"[]", content_type="application/json", headers={"Link": link})
    assert problem(lambda: make_hub(SHORT_S).search(Query())).kind == "timeout"


@pytest.mark.parametrize("ask", ["search", "repository", "card"])
@pytest.mark.parametrize("what", [{"status": 503}, {"drop_after": 5}])
def test_a_server_that_fails_is_asked_once(
    fake: FakeHub, tiny: FakeRepo, hub: Hub, ask: str, what: dict[str, Any]
) -> None:
    known = hub.repository(REPO)
    fake.log.clear()
    fake.fault(**what)
    asks = {"search": lambda: hub.search(Query()), "repository": lambda: hub.repository(REPO, "v1")}
    assert problem(asks.get(ask, lambda: hub.card(known))).kind == "unreachable"
    assert len(fake.calls()) == 1


def test_no_server(make_hub: Callable[..., Hub]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}"
        found = problem(lambda: make_hub(endpoint=closed).repository(REPO))
    assert (found.kind, found.exit_code) == ("unreachable", 4)
    assert "network" in found.hint


@pytest.mark.parametrize("endpoint", ["ftp://127.0.0.1", "huggingface.co", "http://", "http://[", "https://a b/"])
def test_an_endpoint_that_is_no_address(make_hub: Callable[..., Hub], endpoint: str) -> None:
    hub = make_hub(endpoint=endpoint)
    for ask in (lambda: hub.repository(REPO), lambda: hub.search(Query())):
        found = problem(ask)
        assert found.kind in ("nonsense", "unreachable")
        assert "HF_ENDPOINT" in f"{found} {found.hint}"


def test_a_token_with_a_typing_mistake(fake: FakeHub, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_pässword")
    found = problem(lambda: hub.repository(REPO))
    assert "pässword" not in str(found)
    assert "HF_TOKEN" in found.hint
    assert not fake.calls()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_without_a_reason_may_be_for_lack_of_a_token(fake: FakeHub, hub: Hub, status: int) -> None:
    fake.fault("/api/", status=status)
    found = problem(lambda: hub.repository(REPO))
    assert (found.kind, found.exit_code) == ("private", 3)
    assert "HF_TOKEN" in found.hint


def test_a_dead_token_is_told(fake: FakeHub, hub: Hub, with_token: None) -> None:
    fake.fault("/api/", status=401, error_message="Invalid credentials in Authorization header")
    assert "does not accept the token" in str(problem(lambda: hub.repository(REPO)))


def test_hostile_words_of_a_server_are_cleaned(fake: FakeHub, hub: Hub, with_token: None) -> None:
    words = f"\u202e[@click=app.quit]no[/]\u009b31m Bearer {TOKEN} " + "long " * 500
    fake.fault("/api/", status=418, body=('{"error": "' + words + '"}').encode(), content_type="application/json")
    found = problem(lambda: hub.repository(REPO))
    assert "418" in str(found)
    assert "\u202e" not in str(found)
    assert "\u009b" not in str(found)
    assert len(str(found)) < 400
