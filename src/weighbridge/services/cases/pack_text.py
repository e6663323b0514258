"""A pack as TOML text: written anew, or into the text that a person wrote."""

from __future__ import annotations

from typing import Any

import tomli_w

from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_lines import load_toml
from weighbridge.domain.toml_scan import key_lines
from weighbridge.domain.verdict.cases import Case, CasePack


def pack_toml(pack: CasePack) -> str:
    """The whole pack, defaults left out. BadInput names the case that holds a null, which TOML has not."""
    head = pack.model_dump(mode="json", exclude_defaults=True, exclude={"case"})
    return "\n".join([_dumped(head), *map(_case_toml, pack.case)])


def spliced(old: str, pack: CasePack, name: str) -> str | None:
    """The text of an earlier pack with what has changed put in; None where that does not give this pack.

    The text is cut at its `[[case]]` lines, the comments right above one included. A case that is the same keeps its
    piece; the head of the file stays, and is to be the same too.
    """
    earlier = load_toml(old, name, CasePack)
    starts = _starts(old, len(earlier.case))
    if not starts:
        return None
    lines = old.split("\n")
    bounds = zip(earlier.case, starts, [*starts[1:], len(lines)], strict=True)
    pieces = {case.id: (case, "\n".join(lines[start:end])) for case, start, end in bounds}
    made = ["\n".join(lines[: starts[0]])]
    for case in pack.case:
        before, piece = pieces.get(case.id, (None, ""))
        made.append(piece if before == case else _case_toml(case))
    text = "\n\n".join(piece.strip("\n") for piece in made) + "\n"
    try:
        return text if load_toml(text, name, CasePack) == pack else None
    except Problem:
        return None


def _starts(text: str, count: int) -> list[int]:
    """The line (from 0) at which each case begins; empty where the cases are not tables of their own."""
    try:
        found = key_lines(text)
    except RecursionError:
        return []
    lines = text.split("\n")
    starts: list[int] = []
    for number in range(count):
        at = found.get(("case", number), 0) - 1
        if not (0 <= at < len(lines) and lines[at].lstrip().startswith("[[")):
            return []
        while at > 0 and lines[at - 1].lstrip().startswith("#"):
            at -= 1
        starts.append(at)
    return starts


def _case_toml(case: Case) -> str:
    """One `[[case]]`. The library would write an array of short cases in one line, and a table never."""
    row = case.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if _has_null(row):
        raise BadInput(
            f"The case {clean_line(case.id)} holds a null, which TOML cannot hold.",
            'Say it another way: in a JSON Schema, type = "null" stands for it.',
        )
    return "[[case]]" + _dumped({"case": row}).removeprefix("[case]")


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(inner) for inner in value.values())
    return any(_has_null(inner) for inner in value) if isinstance(value, list) else value is None


def _dumped(data: dict[str, Any]) -> str:
    """Texts of several lines are written as such, unless a carriage return would be lost by it."""
    return tomli_w.dumps(data, multiline_strings=not _has_return(data), indent=2)


def _has_return(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_return, value.values()))
    if isinstance(value, list):
        return any(map(_has_return, value))
    return isinstance(value, str) and "\r" in value
