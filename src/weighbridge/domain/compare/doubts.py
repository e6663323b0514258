"""What does not hold of a packet, in one short clause: the first thing, and where all of it is told."""

from __future__ import annotations

from weighbridge.domain.text import clean_line

MOST = 120
"""Characters."""
_QUOTE = ": says "
"""Where the words of a file that was made of the records begin: whole lines of a page, which no sentence holds."""


def in_short(check: str, detail: str) -> str:
    """The name of a check, the file, and what is wrong with it; what the file says is left out."""
    return clean_line(f"{check}: {detail.partition(_QUOTE)[0]}", MOST)


def first_of(problem: str, more: int, packet: str) -> str:
    """The first problem, and who names the others."""
    return f"{problem}; and {more:,} more: `weighbridge verify {packet}` names them" if more else problem
