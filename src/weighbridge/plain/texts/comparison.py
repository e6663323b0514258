"""A proof that was run again beside its packet's, as a page of lines."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.domain.proof.repeating import Group, Row, other_model, reproduced
from weighbridge.domain.serving.identity import UNSEEN
from weighbridge.domain.text import clean_line
from weighbridge.plain.texts.hub import columns

_TITLES: dict[Group, str] = {"output": "Answers", "recipe": "Recipe", "figure": "Figures", "machine": "Machine"}
_PARTS: dict[Group, str] = {"output": "answers", "recipe": "parts", "figure": "figures", "machine": "facts"}


def verdict(rows: Sequence[Row]) -> str:
    """Whether the answers are those of the packet, and what is known of the model where a server answered."""
    answers = [row for row in rows if row.group == "output"]
    apart = sum(not row.equal for row in answers)
    if reproduced(rows):
        said = f"Reproduced: {len(answers)} of {len(answers)} answers equal."
    else:
        said = f"Not reproduced: {apart} of {len(answers)} answers differ."
    return f"{said}{_model(rows)}"


def _model(rows: Sequence[Row]) -> str:
    """Whether it was the same model is not known of servers; empty where none answered."""
    if not _served(rows):
        return ""
    if others := other_model(rows):
        return f" ANOTHER MODEL answered, by what the servers told: {'; '.join(others)}."
    return f" Whether the model is the same is not known: {UNSEEN}."


def _served(rows: Sequence[Row]) -> bool:
    return any(row.note == UNSEEN for row in rows)


def page(packet: str, notes: str, rows: Sequence[Row]) -> str:
    """Everything that was compared: what differs in full, what is equal by its number; all figures."""
    parts = [f"{verdict(rows)}\nCompared with {clean_line(packet)}."]
    if notes:
        parts.append(f"Not as recorded: {notes}.")
    for group, title in _TITLES.items():
        own = [row for row in rows if row.group == group]
        if own:
            body = _figures(own) if group == "figure" else _apart(own, _PARTS[group])
            named = "Machine of the client" if group == "machine" and _served(rows) else title
            parts.append("\n".join([named, *(f"  {line}" for line in body)]))
    return "\n\n".join(parts)


def _apart(rows: Sequence[Row], parts: str) -> list[str]:
    equal = [row.what for row in rows if row.equal]
    lines = [f"equal: {len(equal)} of {len(rows)} {parts}"]
    for row in rows:
        if not row.equal:
            lines.append(f"{row.what} differs" + (f": {row.note}" if row.note else ""))
            lines += [f"  before: {row.before}", f"  now:    {row.now}"]
    return lines


def _figures(rows: Sequence[Row]) -> list[str]:
    head = ("figure", "before", "now", "now / before")
    table = [(row.what, row.before, row.now, "" if row.ratio is None else f"{row.ratio:.2f}") for row in rows]
    return [*columns([head, *table]), *(f"{row.what}, {row.note}" for row in rows if row.note)]
