"""Servers that answer something else than a Hub does: only HubProblem, whatever comes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeRepo
from fakehub.fake_tiny import REPO
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighbridge.domain.model.hub import Query
from weighbridge.domain.problems import HubProblem
from weighbridge.services.hub.hub import Hub

HTML = b"<!doctype html><title>Sign in</title>"
KEYS = (
    "id",
    "sha",
    "siblings",
    "rfilename",
    "size",
    "lfs",
    "sha256",
    "gated",
    "cardData",
    "tags",
    "gguf",
    "lastModified",
)
SHAPES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("a" * 40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner),
    max_leaves=20,
)


def shown(fake: FakeHub, body: bytes) -> None:
    fake.clear_faults()
    fake.fault("/api/", body=body, content_type="application/json")


def test_a_login_page_is_no_answer(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    known = hub.repository(REPO)
    fake.fault(body=HTML)
    for ask in (lambda: hub.search(Query()), lambda: hub.repository(REPO, "v1"), lambda: hub.card(known)):
        with pytest.raises(HubProblem) as caught:
            ask()
        assert caught.value.kind == "nonsense"
        assert "login page" in caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"sha": "main"}',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"id": "acme/tiny-GGUF"',
        b"1" * 5_000,
    ],
)
def test_wrong_shapes_are_nonsense(fake: FakeHub, hub: Hub, body: bytes) -> None:
    shown(fake, body)
    with pytest.raises(HubProblem) as caught:
        hub.repository(REPO)
    assert caught.value.kind == "nonsense"


def test_another_commit_than_the_one_asked_is_nonsense(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    old = tiny.sha
    tiny.more["sha"] = "b" * 40
    with pytest.raises(HubProblem, match="another commit") as caught:
        hub.repository(REPO, old)
    assert caught.value.kind == "nonsense"


def test_an_endless_answer_is_left(fake: FakeHub, hub: Hub) -> None:
    fake.fault("/api/", body=b" ", content_length=10**12)
    for ask in (lambda: hub.repository(REPO), lambda: hub.search(Query())):
        with pytest.raises(HubProblem, match="more than 32 MiB"):
            ask()


def test_a_packed_answer_is_refused(fake: FakeHub, tiny: FakeRepo, hub: Hub) -> None:
    fake.fault("/api/", headers={"Content-Encoding": "gzip"})
    with pytest.raises(HubProblem, match="packs") as caught:
        hub.repository(REPO)
    assert caught.value.kind == "nonsense"


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(SHAPES, SHAPES)
def test_whatever_json_comes(fake: FakeHub, hub: Hub, answer: Any, field: Any) -> None:
    shown(fake, json.dumps(answer).encode())
    with suppress(HubProblem):
        hub.repository(REPO)
    shown(fake, json.dumps([answer, {"id": REPO, "tags": field, "gguf": field, "gated": field}]).encode())
    with suppress(HubProblem):
        hub.search(Query())
    sound = {"id": REPO, "sha": "a" * 40, "siblings": [{"rfilename": "a.gguf", "size": field, "lfs": field}, field]}
    shown(fake, json.dumps(sound | {"cardData": answer, "tags": field, "lastModified": field}).encode())
    with suppress(HubProblem):
        hub.repository(REPO)
