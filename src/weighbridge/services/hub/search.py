"""Search among the Hub's repositories that hold GGUF files."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weighbridge.domain.model.hub import Gate, Query, SearchRow
from weighbridge.services.hub.client import HubClient
from weighbridge.services.hub.plain_json import count, line, listed

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo
    from huggingface_hub.hf_api import ExpandModelProperty_T

MOST_ROWS = 200
_NAME = re.compile(r"[\w.-]{1,96}(/[\w.-]{1,96})?", re.ASCII)
_EXPAND: list[ExpandModelProperty_T] = ["gguf", "gated", "downloads", "likes", "lastModified", "tags"]


def search(client: HubClient, query: Query) -> tuple[SearchRow, ...]:
    """The rows in the server's order. HubProblem."""
    return client.ask("search", lambda api: _rows(api, query))


def _rows(api: HfApi, query: Query) -> tuple[SearchRow, ...]:
    found = api.list_models(
        search=query.words.strip() or None,
        filter=["gguf", *([f"license:{query.licence}"] if query.licence else [])],
        num_parameters=None if query.max_params is None else f"max:{_with_unit(query.max_params)}",
        gated=query.gated,
        sort=query.sort,
        limit=max(1, min(query.limit, MOST_ROWS)),
        expand=_EXPAND,
    )
    rows = [row(info) for info in found]
    return tuple(row for row in rows if row is not None and _small_enough(row, query.max_params))


def row(info: ModelInfo) -> SearchRow | None:
    """One row, cleaned; None for what is no name of a repository."""
    if not isinstance(info.id, str) or not _NAME.fullmatch(info.id):
        return None
    gguf = info.gguf if isinstance(info.gguf, dict) else {}
    return SearchRow(
        repo=info.id,
        downloads=count(info.downloads),
        likes=count(info.likes),
        last_modified=day(info.last_modified),
        licence=_licence(info),
        gate=gate(info.gated),
        n_params=count(gguf.get("total")) or None,
        architecture=line(gguf.get("architecture"), 60),
    )


def gate(said: object) -> Gate:
    """What a server says of a gate: false, a way of granting, or something that is taken for the stricter way."""
    if said == "auto":
        return "auto"
    return "manual" if said else ""


def day(moment: datetime | None) -> str:
    """ISO 8601 in UTC, to the second; a moment without a zone is taken for UTC, as the Hub means it."""
    if moment is None:
        return ""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return utc.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def _licence(info: ModelInfo) -> str:
    tags = (tag for tag in listed(info.tags) if isinstance(tag, str))
    return next((line(tag.removeprefix("license:"), 80) for tag in tags if tag.startswith("license:")), "")


def _small_enough(row: SearchRow, most: int | None) -> bool:
    """A server may not know the filter. A row without a number stays: unknown is not too large."""
    return most is None or row.n_params is None or row.n_params <= most


def _with_unit(n: int) -> str:
    """A count as the Hub writes it in its filters: 500M, 1.5B."""
    return f"{n / 10**9:g}B" if n >= 10**9 else f"{n / 10**6:g}M"
