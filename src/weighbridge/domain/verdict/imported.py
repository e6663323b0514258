"""A row of a person's data set as a case: our own names, Inspect's (input, target, metadata) and Evals' (ideal)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_words import sentence
from weighbridge.domain.verdict.cases import Case, Grader
from weighbridge.domain.verdict.grader_words import WrongField, expectation, grader_of, kinds, validated

PROMPTS = ("prompt", "input", "question")
TARGETS = ("target", "expected", "answer", "ideal")
_PLAIN = ("context", "why", "max_tokens", "time_limit_s")
_FLAGS = ("must_pass", "disabled")
KNOWN = ("id", *PROMPTS, "messages", *TARGETS, "grader", "tags", *_FLAGS, *_PLAIN, "metadata")
"""Names of columns or keys that say something of a case. Others are left out, and told."""
_FROM_METADATA = ("context", "why", "tags", "must_pass", "grader")
_CHANGES_THE_QUESTION = ("choices", "files", "setup", "sandbox")
"""Keys of Inspect's samples without which the question is another one."""
_ALSO: dict[str, tuple[str, dict[str, Any]]] = {
    "exact": ("match", {"location": "exact"}),
    "numeric": ("match", {"numeric": True}),
}
"""Kinds that data sets name and that are options of another one here."""
KINDS = (*kinds(), *_ALSO)
"""What may stand in a column `grader`."""
_YES, _NO = ("true", "yes", "y", "1", "x", "must"), ("false", "no", "n", "0")
_ID_SIGNS = re.compile(r"[^a-z0-9]+")


class CannotTake(ValueError):
    """Why a row is no case, in one sentence."""


class Taken(NamedTuple):
    """A row as a case. `renamed`: its id had to be written another way. `left_out`: names that say nothing to us."""

    case: Case
    renamed: bool
    left_out: frozenset[str]


def case_of_row(row: Mapping[str, Any], number: int, kind: str = "includes") -> Taken:
    """The case of a row. `number` (from 1) makes the id where there is none; `kind`: the grader of a plain target.

    A list of targets means any of them, as in Inspect and Evals. CannotTake.
    """
    cells = {_name(key): value for key, value in row.items() if not _is_empty(value)}
    left_out = frozenset(cells) - frozenset(KNOWN)
    for name in _CHANGES_THE_QUESTION:
        if name in cells:
            raise CannotTake(f"{name} cannot be taken over: write what the model is to know into the prompt")
    _with_metadata(cells)
    shown = str(cells.get("id", "")).strip()
    own = id_of(shown)
    data: dict[str, Any] = {"id": own or f"row-{number:03d}", **_asked(cells), "grader": _grader(cells, kind)}
    data |= {name: cells[name] for name in _PLAIN if name in cells}
    data |= {name: _flag(name, cells[name]) for name in _FLAGS if name in cells}
    if "tags" in cells:
        data["tags"] = _tags(cells["tags"])
    _no_nul(cells)
    try:
        return Taken(Case.model_validate(data), shown not in ("", own), left_out)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CannotTake(clean_line(f"{where}: {sentence(first)}" if where else sentence(first))) from None


def id_of(text: str) -> str:
    """A text as an id: small Latin letters, digits and single hyphens, at most 64; empty where none is left."""
    return _ID_SIGNS.sub("-", text.lower()).strip("-")[:64].rstrip("-")


def _name(key: str) -> str:
    return re.sub(r"[\s-]+", "_", key.strip().lower())


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())


def _with_metadata(cells: dict[str, Any]) -> None:
    """What the metadata of a sample say of the case, where the sample itself does not."""
    inside = cells.pop("metadata", None)
    if isinstance(inside, str):
        inside = _json("metadata", inside)
    if isinstance(inside, dict):
        cells |= {
            name: inside[name] for name in _FROM_METADATA if name not in cells and not _is_empty(inside.get(name))
        }


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise CannotTake(f"{name}: {clean_line(text, 60)!r} is not valid JSON") from None


def _one(cells: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The value that one of several names gives; None where none does."""
    given = [name for name in names if name in cells]
    if len(given) > 1:
        raise CannotTake(f"{' and '.join(given)} are both filled: leave one of them")
    return cells[given[0]] if given else None


def _asked(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Prompt or messages."""
    asked, messages = _one(cells, PROMPTS), cells.get("messages")
    if isinstance(messages, str):
        messages = _json("messages", messages)
    if asked is None and messages is None:
        raise CannotTake(f"nothing is asked: {', '.join(PROMPTS)} and messages are all empty")
    if asked is not None and messages is not None:
        raise CannotTake("both a prompt and messages are filled: leave one of them")
    if messages is None and not isinstance(asked, list):
        return {"prompt": asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)}
    return {"messages": messages if messages is not None else asked}


def _grader(cells: Mapping[str, Any], kind: str) -> Grader | dict[str, Any]:
    """What is expected: a grader as an object (or its JSON), or a kind with a target."""
    given, target = cells.get("grader"), _one(cells, TARGETS)
    if isinstance(given, str) and given.lstrip().startswith("{"):
        given = _json("grader", given)
    try:
        if isinstance(given, dict):
            main = expectation(given["kind"]) if given.get("kind") in kinds() else None
            if target is not None and (main is None or main in given):
                raise CannotTake("grader and target both say what is expected: leave one of them")
            return validated({**given, **({main: target} if main and target is not None else {})})
        return _plain_grader(str(given).strip() if given is not None else kind, target)
    except WrongField as wrong:
        raise CannotTake(f"{wrong.field}: {wrong}") from None


def _plain_grader(kind: str, target: Any) -> Grader:
    kind, options = _ALSO.get(kind, (kind, {}))
    main = expectation(kind) if kind in kinds() else None
    if main is not None and target is None:
        raise CannotTake(f"nothing is expected: {', '.join(TARGETS)} are all empty, and so is the grader")
    if main not in (None, "target") and isinstance(target, str):
        target = _json("target", target)
    if main == "target" and isinstance(target, list):
        each = [grader_of(kind, _text(one), options) for one in target]
        return each[0] if len(each) == 1 else validated({"kind": "any", "of": each})
    return grader_of(kind, _text(target), options)


def _text(target: Any) -> Any:
    """A number or truth value as its JSON text: `6`, `true`."""
    return json.dumps(target) if isinstance(target, int | float) else target


def _flag(name: str, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise CannotTake(f"{name}: {clean_line(str(value), 60)!r} is neither yes nor no")


def _tags(value: Any) -> list[str]:
    if isinstance(value, str):
        value = re.split(r"[,;]", value)
    if not isinstance(value, list):
        raise CannotTake(f"tags: {clean_line(json.dumps(value), 60)} is not a list")
    return [tag for tag in (str(one).strip() for one in value) if tag]


def _no_nul(cells: Mapping[str, Any]) -> None:
    for name, value in cells.items():
        if any("\x00" in text for text in _texts(value)):
            raise CannotTake(f"{name} holds a NUL character, which no prompt can hold")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
