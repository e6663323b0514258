"""Wrapped text with a hanging indent, for lists whose lines are drawn as they are."""

from __future__ import annotations

import textwrap


def hanging(text: str, width: int, indent: int) -> str:
    """`text` in lines of at most `width` columns, each behind `indent` spaces."""
    margin = " " * indent
    return textwrap.fill(
        text, max(width, indent + 10), initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
    )


def middle(text: str, room: int) -> str:
    """`text` in at most `room` characters: both ends stay, as names differ at either."""
    if len(text) <= room:
        return text
    start = max(0, room - 1) // 3
    return f"{text[:start]}…{text[start + 1 - room :]}"
