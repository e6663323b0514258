"""What the Hub says of repositories: search rows, one pinned repository with its files, its model card."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, JsonValue

from weighbridge.domain.base import Record

Gate = Literal["", "auto", "manual"]
"""Whether access must be asked for: not at all, granted at once, or by the owner's hand."""
SortKey = Literal["downloads", "likes", "last_modified", "trending_score", "created_at"]


_COUNT = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*([kmbt]?)", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


def weights_count(text: str) -> int | None:
    """A count of weights as people write it: 500M, 1.5b or 135000000; None where it is none, or nought."""
    found = _COUNT.fullmatch(text.strip())
    count = round(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    return count if 0 < count < 10**16 else None


class Query(Record):
    """A search among repositories that hold GGUF files. None and empty text ask for no limit."""

    words: str = ""
    max_params: int | None = None
    """Most weights, a count."""
    licence: str = ""
    """A licence id of the Hub."""
    gated: bool | None = None
    sort: SortKey = "downloads"
    limit: int = 20


class SearchRow(Record):
    """One repository found. None and empty text are what the server did not say. Text is cleaned."""

    repo: str
    downloads: int | None = None
    likes: int | None = None
    last_modified: str = ""
    licence: str = ""
    gate: Gate = ""
    n_params: int | None = None
    architecture: str = ""


class HubFile(Record):
    """One file of a repository. `sha256` (64 hex digits) is empty where the Hub declares none."""

    path: str
    size_bytes: int | None = None
    sha256: str = ""


class HubRepo(Record):
    """One repository at one commit. `metadata` is the card's front matter as the Hub read it, cleaned."""

    repo: str
    revision: str
    """Commit, 40 hex digits: every later read is pinned to it."""
    asked: str = ""
    """The branch, tag or commit that was asked for; empty: the default branch."""
    fetched_at: str
    """ISO 8601, UTC: when the Hub said so, not when the answer was last looked up."""
    endpoint: str
    gate: Gate = ""
    private: bool = False
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    tags: tuple[str, ...] = ()
    downloads: int | None = None
    likes: int | None = None
    last_modified: str = ""
    files: tuple[HubFile, ...] = ()
    from_cache: bool = False
    """Whether this answer was kept from an earlier visit."""


class CardText(Record):
    """README.md at one commit. `text` is not cleaned: what shows it cleans it. `gap` says why there is none."""

    repo: str
    revision: str
    text: str = ""
    sha256: str = ""
    size_bytes: int | None = None
    fetched_at: str = ""
    gap: str = ""
