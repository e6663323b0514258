"""One case as lines for a terminal: what it asks, and its grader in words."""

from __future__ import annotations

import json
import shutil
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import Any

from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.grader_words import expectation
from weighbridge.domain.verdict.graders import AllOf, AnyOf, BaseGrader, Refusal

NARROWEST = 30
_SET_IN = 2
_SEVERAL = {"all": "all of these:", "any": "any of these:"}
_SAYS = {"will_not": "declining", "does_not_know": "not knowing", "either": "declining or not knowing"}


def width() -> int:
    """Columns of the terminal; 80 where that is not known."""
    return shutil.get_terminal_size((80, 24)).columns


def case_lines(case: Case, columns: int) -> str:
    """One case: its id and signs, then what is said of it, each name once and its text set in and wrapped."""
    signs = [sign for sign, holds in (("must pass", case.must_pass), ("disabled", case.disabled)) if holds]
    limits = [("most tokens", case.max_tokens), ("seconds", case.time_limit_s)]
    pairs = [
        ("asked", case.full_prompt),
        ("expects", "\n".join(grader_lines(case.grader))),
        ("why", case.why),
        ("tags", ", ".join(case.tags)),
        *((name, "" if value is None else f"{value:,.10g}") for name, value in limits),
    ]
    shown = [(name, clean(text).strip()) for name, text in pairs if text.strip()]
    names = max(len(name) for name, _ in shown)
    lines = [clean_line(f"{case.id}{' (' + ', '.join(signs) + ')' if signs else ''}")]
    for name, text in shown:
        wrapped = [part for line in text.split("\n") for part in wrap(line, columns - names - 2 * _SET_IN)]
        heads = [name] + [""] * (len(wrapped) - 1)
        lines += [
            f"{' ' * _SET_IN}{head:{names}}{' ' * _SET_IN}{part}".rstrip()
            for head, part in zip(heads, wrapped, strict=True)
        ]
    return "\n".join(lines)


def grader_lines(grader: BaseGrader) -> Iterator[str]:
    """A grader in words, those inside another set in below it: `- match: 1600 (numeric, location any)`."""
    if isinstance(grader, AllOf | AnyOf):
        yield _SEVERAL[grader.kind]
        for one in grader.of:
            first, *more = grader_lines(one)
            yield f"- {first}"
            yield from (f"  {line}" for line in more)
        return
    if isinstance(grader, Refusal):
        yield f"refusal: {'' if grader.expected else 'not '}{_SAYS[grader.says]}{_patterns(grader)}"
        return
    data = grader.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    kind = str(data.pop("kind"))
    expected = _value(data.pop(expectation(kind) or "", None))
    options = ", ".join(name if value is True else f"{name} {_value(value)}" for name, value in data.items())
    said = ": ".join(filter(None, (kind, clean_line(expected, 2000))))
    yield f"{said} ({options})" if options and expected else f"{kind}: {options}" if options else said


def _patterns(grader: Refusal) -> str:
    return f" (or a text like {' or '.join(grader.patterns)})" if grader.patterns else ""


def _value(value: Any) -> str:
    """A value in words: texts are joined by `and`, required keys told with their types, a schema is JSON."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " and ".join(map(_value, value))
    if isinstance(value, dict):
        if all(isinstance(one, str) for one in value.values()):
            return ", ".join(f"{name} ({kind})" for name, kind in value.items())
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def wrap(line: str, columns: int) -> list[str]:
    """A line as lines of at most so many columns, broken at spaces, or inside what has none; indents are kept."""
    columns = max(columns, NARROWEST)
    indent = line[: len(line) - len(line.lstrip(" -"))]
    if _wide(line) == 0:
        return textwrap.wrap(line, columns, subsequent_indent=" " * len(indent), break_on_hyphens=False) or [""]
    made, room = [""], columns
    for char in line:
        size = 1 + _wide(char)
        if size > room:
            made.append("")
            room = columns
        made[-1] += char
        room -= size
    return made


def _wide(text: str) -> int:
    """How many letters take two columns."""
    return sum(unicodedata.east_asian_width(char) in "WF" for char in text)
