"""A model card as weighbridge reads and counts it, so that a fact's line is the line that a person is shown."""

from __future__ import annotations

from weighbridge.domain.text import clean

MAX_CARD = 8_000_000
"""Characters of a card that are read; what follows is not looked at."""


def readable(text: str) -> str:
    """README.md without byte-order mark, cleaned. `Fact.line` counts its `\\n`-separated lines from 1."""
    return clean(text.removeprefix("\ufeff"), MAX_CARD)
