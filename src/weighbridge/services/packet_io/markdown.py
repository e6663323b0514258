"""Text from outside inside Markdown: it stays text, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from weighbridge.domain.text import clean, clean_line


def _ticks(text: str, least: int) -> str:
    """A row of backticks longer than any in the text."""
    return "`" * max(least, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))


def code(text: str) -> str:
    """One line of outside text as a code span: neither Markdown nor HTML in it means anything."""
    line = clean_line(text, 2000)
    if not line:
        return "(empty)"
    ticks = _ticks(line, 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str) -> str:
    """Outside text as a fenced block that nothing in it can close. Control characters are shown, not sent."""
    shown = clean(text, len(text) + 1)
    ticks = _ticks(shown, 3)
    return f"{ticks}text\n{shown}\n{ticks}"


def cell(text: str) -> str:
    """A code span inside a table: a bar in it would end the cell."""
    return code(text).replace("|", "\\|")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of cells that are Markdown already."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
