"""A search as it is typed: words, with limits among them. `qwen size:1.5b licence:mit gated:no sort:likes`"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from weighbridge.domain.model.hub import Query, SortKey, weights_count
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.tui.widgets.figures import count

SORTS: dict[SortKey, str] = {
    "downloads": "downloads",
    "likes": "likes",
    "trending_score": "trending",
    "last_modified": "updated",
    "created_at": "created",
}
"""What each order is called here."""
SIZES = (None, 10**9, 3 * 10**9, 8 * 10**9, 15 * 10**9)
"""Limits that one key goes through, in weights."""
GATES = (None, False, True)
_LIMIT = re.compile(r"(size|licen[cs]e|gated|sort):(\S+)", re.IGNORECASE)


def query_of(typed: str, earlier: Query | None = None) -> Query:
    """The search that is meant; a limit that is not typed stays as it was. BadInput for a limit that is none."""
    line = clean_line(typed, 200)
    limits = {name.lower().replace("se", "ce"): value for name, value in _LIMIT.findall(line)}
    query = (earlier or Query()).model_copy(update={"words": clean_line(_LIMIT.sub("", line))})
    changes: dict[str, object] = {}
    if "size" in limits:
        changes["max_params"] = _size(limits["size"])
    if "licence" in limits:
        changes["licence"] = "" if limits["licence"].lower() == "any" else limits["licence"].lower()
    if "gated" in limits:
        changes["gated"] = _one_of("gated", limits["gated"], {"any": None, "no": False, "yes": True})
    if "sort" in limits:
        changes["sort"] = _one_of("sort", limits["sort"], {word: key for key, word in SORTS.items()})
    return query.model_copy(update=changes)


def _size(text: str) -> int | None:
    if text.lower() == "any":
        return None
    weights = weights_count(text)
    if weights is None:
        raise BadInput(f"“size:{text}” is no count of weights.", "Write size:500m, size:1.5b or size:any.")
    return weights


def _one_of(name: str, text: str, known: Mapping[str, object]) -> object:
    if text.lower() not in known:
        raise BadInput(f"“{name}:{text}” is not known.", f"Write {name}: with one of {', '.join(known)}.")
    return known[text.lower()]


def limits_words(query: Query) -> str:
    """The limits of a search, said in words."""
    size = f"up to {count(query.max_params)} weights" if query.max_params else "any size"
    gate = {None: "gated or not", True: "gated only", False: "not gated"}[query.gated]
    return f"by {SORTS[query.sort]} · {size} · {query.licence or 'any licence'} · {gate}"


def next_sort(query: Query) -> Query:
    order = get_args(SortKey)
    return query.model_copy(update={"sort": order[(order.index(query.sort) + 1) % len(order)]})


def next_size(query: Query) -> Query:
    at = SIZES.index(query.max_params) if query.max_params in SIZES else -1
    return query.model_copy(update={"max_params": SIZES[(at + 1) % len(SIZES)]})


def next_gate(query: Query) -> Query:
    return query.model_copy(update={"gated": GATES[(GATES.index(query.gated) + 1) % len(GATES)]})
