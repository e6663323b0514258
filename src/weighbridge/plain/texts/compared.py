"""Two packets side by side, as a page of lines."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.compare.comparison import Comparison
from weighbridge.domain.compare.words import Line, sections, verdict
from weighbridge.domain.text import clean_line
from weighbridge.plain.texts.wrapping import wrapped

_LABEL = 18


def page(c: Comparison, width: int) -> str:
    """Verdict first, then every section, in lines of at most `width` characters."""
    parts = ["\n".join(wrapped(clean_line(verdict(c).text, 4_000), width))]
    for section in sections(c):
        parts.append("\n".join([section.title, *(text for line in section.lines for text in _lines(line, width))]))
    return "\n\n".join(parts)


def _lines(line: Line, width: int) -> Iterator[str]:
    """A label, and its text wrapped beside it. A label that is too long stands above."""
    label, indent = clean_line(line.label, 60), " " * (_LABEL + 2)
    rows = wrapped(clean_line(line.text, 4_000), width - len(indent))
    if len(label) >= _LABEL:
        yield f"  {label}"
        label = ""
    yield f"  {label:<{_LABEL}}{rows[0]}"
    yield from (f"{indent}{row}" for row in rows[1:])
