"""Two packets side by side, as a page of lines."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from weighbridge.domain.compare.comparison import Comparison
from weighbridge.domain.compare.words import Line, sections, verdict
from weighbridge.domain.text import clean_line

_WIDTH, _LABEL = 100, 18


def page(c: Comparison) -> str:
    """Verdict first, then every section."""
    parts = [verdict(c).text]
    for section in sections(c):
        parts.append("\n".join([section.title, *(text for line in section.lines for text in _lines(line))]))
    return "\n\n".join(parts)


def _lines(line: Line) -> Iterator[str]:
    """A label, and its text wrapped beside it. A label that is too long stands above."""
    label, indent = clean_line(line.label, 60), " " * (_LABEL + 2)
    rows = wrap(clean_line(line.text, 4_000), _WIDTH - len(indent), break_on_hyphens=False) or [""]
    if len(label) >= _LABEL:
        yield f"  {label}"
        label = ""
    yield f"  {label:<{_LABEL}}{rows[0]}"
    yield from (f"{indent}{row}" for row in rows[1:])
