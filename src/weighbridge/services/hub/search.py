"""Search among the Hub's repositories that hold GGUF files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from weighbridge.domain.model.hub import Gate, Query, SearchRow
from weighbridge.services.hub.client import HubClient, Params
from weighbridge.services.hub.plain_json import count, line, listed

MOST_ROWS = 200
_NAME = re.compile(r"[\w.-]{1,96}(/[\w.-]{1,96})?", re.ASCII)
_EXPAND = ["gguf", "gated", "downloads", "likes", "lastModified", "tags"]
_SORTS = {"last_modified": "lastModified", "trending_score": "trendingScore", "created_at": "createdAt"}


def search(client: HubClient, query: Query) -> tuple[SearchRow, ...]:
    """The rows in the server's order. HubProblem.

    Read by no constructor of the Hub's client: one odd field of one row would lose them all.
    """
    limit = max(1, min(query.limit, MOST_ROWS))
    rows = [row(item) for item in client.items("search", "/api/models", _params(query, limit), limit)]
    return tuple(row for row in rows if row is not None and _small_enough(row, query.max_params))


def _params(query: Query, limit: int) -> Params:
    params: dict[str, str | Sequence[str]] = {
        "filter": ["gguf", *([f"license:{query.licence}"] if query.licence else [])],
        "sort": _SORTS.get(query.sort, query.sort),
        "limit": str(limit),
        "expand": _EXPAND,
    }
    if words := query.words.strip():
        params["search"] = words
    if query.max_params is not None:
        params["num_parameters"] = f"max:{_with_unit(query.max_params)}"
    if query.gated is not None:
        params["gated"] = str(query.gated).lower()
    return params


def row(item: object) -> SearchRow | None:
    """One row, cleaned, without its odd fields; None for what is no name of a repository."""
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not _NAME.fullmatch(item["id"]):
        return None
    gguf = item["gguf"] if isinstance(item.get("gguf"), dict) else {}
    return SearchRow(
        repo=item["id"],
        downloads=count(item.get("downloads")),
        likes=count(item.get("likes")),
        last_modified=day(item.get("lastModified")),
        licence=_licence(item.get("tags")),
        gate=gate(item.get("gated")),
        n_params=count(gguf.get("total")) or None,
        architecture=line(gguf.get("architecture"), 60),
    )


def gate(said: object) -> Gate:
    """What a server says of a gate: false, a way of granting, or something that is taken for the stricter way."""
    if said == "auto":
        return "auto"
    return "manual" if said else ""


def day(said: object) -> str:
    """A server's moment as ISO 8601 in UTC, to the second; empty for what is none. Without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
        utc = moment.astimezone(UTC) if moment and moment.tzinfo else moment
    except (ValueError, OverflowError):
        return ""
    return utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z" if utc else ""


def _licence(said: object) -> str:
    tags = (tag for tag in listed(said) if isinstance(tag, str))
    return next((line(tag.removeprefix("license:"), 80) for tag in tags if tag.startswith("license:")), "")


def _small_enough(row: SearchRow, most: int | None) -> bool:
    """A server may not know the filter. A row without a number stays: unknown is not too large."""
    return most is None or row.n_params is None or row.n_params <= most


def _with_unit(n: int) -> str:
    """A count as the Hub writes it in its filters: 500M, 1.5B."""
    return f"{n / 10**9:g}B" if n >= 10**9 else f"{n / 10**6:g}M"
