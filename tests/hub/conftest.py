"""A fake Hub with one small repository, and the real client on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakehub.fake_repo import FakeRepo
from fakehub.fake_tiny import add_tiny

from weighbridge.services.hub.hub import Hub

MakeHub = Callable[..., Hub]
TIMEOUT_S = 60.0
"""Generous: a test that wants a time-out takes a Hub with a shorter one."""


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the person reaches a test."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    with FakeHub() as hub:
        yield hub


@pytest.fixture
def tiny(fake: FakeHub) -> FakeRepo:
    return add_tiny(fake)


@pytest.fixture
def make_hub(fake: FakeHub, home: Path) -> MakeHub:
    """Another Hub on the same data folder."""

    def made(timeout_s: float = TIMEOUT_S, now: str = "2026-01-02T03:04:05Z", endpoint: str | None = None) -> Hub:
        return Hub(home, endpoint or fake.endpoint, timeout_s, lambda: now)

    return made


@pytest.fixture
def hub(make_hub: MakeHub) -> Hub:
    return make_hub()
