"""Model cards of the kinds that people write, and what is read from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weighbridge.domain.model.hub import CardText, HubRepo

CARDS = Path(__file__).parent / "cards"
REVISION = "0123456789abcdef0123456789abcdef01234567"


def repository(repo: str = "someone/model-GGUF", **metadata: Any) -> HubRepo:
    """A pinned repository with what the Hub read of its front matter."""
    return HubRepo(
        repo=repo,
        revision=REVISION,
        fetched_at="2026-01-01T00:00:00Z",
        endpoint="https://hub.example",
        metadata=metadata,
    )


def card_of(text: str, gap: str = "") -> CardText:
    return CardText(repo="someone/model-GGUF", revision=REVISION, text=text, gap=gap)


@pytest.fixture(scope="session")
def repo() -> Callable[..., HubRepo]:
    return repository


@pytest.fixture(scope="session")
def card() -> Callable[..., CardText]:
    return card_of


@pytest.fixture(scope="session")
def sample() -> Callable[[str], CardText]:
    """The card of a file in cards/."""
    return lambda name: card_of((CARDS / f"{name}.md").read_text(encoding="utf-8"))
