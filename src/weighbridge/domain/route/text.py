"""The decision as plain text for a terminal of 80 columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from weighbridge.domain.route.decide import RouteDecision

WIDTH = 80
_LABEL = 12


def route_text(decision: RouteDecision) -> str:
    """What `weighbridge route` prints: no line is wider than 80 columns, and the last one has no line end."""
    return "\n".join(_lines(decision))


def _lines(decision: RouteDecision) -> Iterator[str]:
    family = decision.family
    yield from _row("Task", decision.task)
    yield from _row("Route", f"{decision.route_name} ({decision.route})")
    yield from _row("Goal", decision.goal)
    yield from _row("Family", f"{family.name}. {family.why}")
    yield from _row("", f"Examples: {', '.join(family.examples)}")
    yield from _row("", f"Licence: {family.licence} {family.note}")
    yield from _row("Runtime", decision.suggested_runtime)
    yield from _row("Adaptation", decision.adaptation)
    for caution in decision.cautions:
        yield from _row("Caution", f"! {caution}")
    yield from _list("Not chosen", (f"{row.name} [{row.code}]: {row.reason}" for row in decision.rejected))
    yield from _list(
        "Runtimes",
        (f"{row.name} [{_yes(row.usable)}]: {row.reason} Needs {row.needs}." for row in decision.runtimes),
    )
    yield from _list("Evidence owed", decision.evidence)
    yield from _list(
        "Situations",
        (
            f"{row.name}: {row.first_route}; {row.first_target}. Stop at: {', '.join(row.stop_evidence)}."
            for row in decision.situations
        ),
    )


def _yes(usable: bool) -> str:
    return "yes" if usable else "no"


def _row(label: str, text: str) -> list[str]:
    return _wrap(text, f"{label:{_LABEL}}")


def _list(title: str, items: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    """A title, then one item a paragraph; nothing where there are no items."""
    for at, item in enumerate(items):
        if at == 0:
            yield ""
            yield title
        yield from _wrap(item, "  - ")


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes: two for a wide character, none for a combining one."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def _wrap(text: str, first: str) -> list[str]:
    """Lines of at most 80 columns, the first behind `first`, the others indented as far.

    Unlike textwrap it counts columns, and breaks between wide characters, which have no spaces around them.
    """
    indent = " " * len(first)
    lines, line = [], first
    for piece in re.findall(r"\s+|[^\s\u1100-\uffff\U0001f000-\U0003ffff]+|\S", text):
        for part in (piece[at : at + WIDTH - len(first)] for at in range(0, len(piece), WIDTH - len(first))):
            if _columns(line + part.rstrip()) > WIDTH:
                lines.append(line.rstrip())
                line = indent
            line += part if line != indent else part.lstrip()
    return [*lines, line.rstrip()]
