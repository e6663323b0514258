"""Metadata from outside as plain JSON: cleaned texts, bounded depth and size."""

from __future__ import annotations

import math

from pydantic import JsonValue

from weighbridge.domain.text import clean, clean_line

_DEPTH = 6
_NODES = 20_000
_ITEMS = 500
"""Most items of one list or object."""
_CHARS = 1_000_000
_TEXT = 40_000
_KEY = 200
_BIGGEST_INT = 2**63


class _Budget:
    def __init__(self) -> None:
        self.nodes = _NODES
        self.chars = _CHARS

    def text(self, value: str, limit: int) -> str:
        kept = clean(value, max(0, min(limit, self.chars)))
        self.chars -= len(kept)
        return kept


def plain_object(value: object) -> dict[str, JsonValue]:
    """A mapping as JSON; anything else gives an empty one. What is too deep or too much is left out."""
    found = _plain(value, _DEPTH, _Budget())
    return found if isinstance(found, dict) else {}


def _plain(value: object, depth: int, budget: _Budget) -> JsonValue:
    budget.nodes -= 1
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _BIGGEST_INT else "a number of more than 64 bits"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return budget.text(value, _TEXT)
    if depth == 0:
        return "(too deep to show)"
    if isinstance(value, dict):
        return {
            clean_line(str(key), _KEY): _plain(item, depth - 1, budget)
            for key, item in value.items()
            if budget.nodes > 0
        }
    if isinstance(value, list | tuple):
        return [_plain(item, depth - 1, budget) for item in value[:_ITEMS] if budget.nodes > 0]
    return clean_line(str(value), _KEY)


def count(value: object) -> int | None:
    """A number of things; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _BIGGEST_INT else None


def line(value: object, limit: int = 200) -> str:
    """One clean line of a text; empty for anything else."""
    return clean_line(value, limit) if isinstance(value, str) else ""


def listed(value: object) -> list[object]:
    """A list; empty for anything else."""
    return value if isinstance(value, list) else []
