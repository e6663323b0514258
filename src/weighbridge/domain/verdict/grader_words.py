"""Graders as a person writes them outside TOML: a kind, what is expected, and options; and back."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_words import sentence
from weighbridge.domain.verdict.cases import Grader

_GRADER: TypeAdapter[Grader] = TypeAdapter(Grader)
Shape = Literal["nothing", "text", "lines", "json"]
"""How the expectation is written: one text, one a line, or JSON."""
_EXPECTED = ("target", "required", "of")


class WrongField(BadInput):
    """What is wrong with one field of a form: `field` is kind, expected, options, or a field of the case."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


@cache
def _classes() -> dict[str, type[BaseModel]]:
    """The model of each kind of grader, in the order in which `Grader` names them."""
    return {get_args(one.model_fields["kind"].annotation)[0]: one for one in _models(Grader)}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation) or get_args(getattr(annotation, "__value__", None)):
        yield from _models(part)


def kinds() -> tuple[str, ...]:
    """The kinds of graders."""
    return tuple(_classes())


def expectation(kind: str) -> str | None:
    """The field of a kind that holds what is expected; None where there is none."""
    names = [field.alias or name for name, field in _classes()[kind].model_fields.items()]
    return next((name for name in _EXPECTED if name in names), None)


def option_names(kind: str) -> tuple[str, ...]:
    """What else can be said of a kind, by name."""
    names = (field.alias or name for name, field in _classes()[kind].model_fields.items())
    return tuple(name for name in names if name not in ("kind", expectation(kind)))


def shape(kind: str) -> Shape:
    """How the expectation of a kind is written."""
    main = expectation(kind)
    if main is None:
        return "nothing"
    fields = _classes()[kind].model_fields.items()
    types = set(_flat(next(f.annotation for name, f in fields if (f.alias or name) == main)))
    if str not in types:
        return "json"
    return "lines" if tuple in types or list in types else "text"


def _flat(annotation: Any) -> Iterator[Any]:
    """The alternatives of a union, each as its bare type."""
    parts = get_args(annotation)
    origin = getattr(annotation, "__origin__", None)
    if parts and origin not in (tuple, list, dict):
        for part in parts:
            yield from _flat(part)
    else:
        yield origin or annotation


def grader_of(kind: str, expected: Any, options: Mapping[str, Any] | None = None) -> Grader:
    """A grader from plain values. WrongField in one sentence."""
    if kind not in _classes():
        raise WrongField("kind", f"{clean_line(kind, 60)!r} is no grader; there are: {', '.join(kinds())}")
    main = expectation(kind)
    empty = expected is None or expected in ("", [], {}, ())
    if main is None and not empty:
        raise WrongField("expected", f"{kind} takes nothing here: leave it empty")
    return validated({"kind": kind, **({main: expected} if main and not empty else {}), **(options or {})})


def validated(value: Mapping[str, Any]) -> Grader:
    """A grader from its plain data. WrongField names what does not hold."""
    try:
        return _GRADER.validate_python(dict(value))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        kind = str(value.get("kind", ""))
        path = [str(part) for part in first["loc"] if part not in _classes()]
        if kind not in _classes():
            raise WrongField("kind", sentence(first)) from None
        field = "expected" if not path or path[0] == expectation(kind) else "options"
        if first["type"] == "missing" and field == "expected":
            raise WrongField(field, f"{kind} needs to know what is expected of the answer") from None
        where = f"{path[0]}: " if path and field == "options" else ""
        known = f"; there are: {', '.join(option_names(kind)) or 'none'}" if first["type"] == "extra_forbidden" else ""
        raise WrongField(field, f"{where}{sentence(first)}{known}") from None


def parsed(kind: str, expected: str, options: str) -> Grader:
    """A grader from what was typed: `expected` in the shape of its kind, `options` as name=value. WrongField."""
    if kind not in _classes():
        raise WrongField("kind", f"{clean_line(kind, 60)!r} is no grader; there are: {', '.join(kinds())}")
    return grader_of(kind, _expected(shape(kind), expected), _options(options))


def _expected(how: Shape, text: str) -> Any:
    text = text.strip()
    if not text or how in ("text", "nothing"):
        return text
    if how == "lines":
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return lines[0] if len(lines) == 1 else lines
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        at = f" (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        raise WrongField("expected", f"this is to be JSON, and it is not{clean_line(at)}") from None


def _options(text: str) -> dict[str, Any]:
    """`name=value name=value`: values are JSON where they can be, else text; quotes hold what has spaces."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise WrongField("options", "a quote is opened and not closed") from None
    made: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise WrongField("options", f"{clean_line(word, 60)!r} is not name=value")
        try:
            made[name] = json.loads(value)
        except (ValueError, RecursionError):
            made[name] = value
    return made


def words_of(grader: Grader) -> tuple[str, str, str]:
    """Kind, expectation and options of a grader as they are typed."""
    data = grader.model_dump(mode="json", by_alias=True)
    kind = str(data["kind"])
    main, how = expectation(kind), shape(kind)
    value = data.get(main) if main else None
    if how == "json":
        expected = json.dumps(value, ensure_ascii=False, indent=2)
    elif isinstance(value, list):
        expected = "\n".join(map(str, value))
    else:
        expected = "" if value is None else str(value)
    return kind, expected, _option_words(grader, kind, data)


def _option_words(grader: Grader, kind: str, data: Mapping[str, Any]) -> str:
    """The options that are not as they are by default."""
    words = []
    for name, field in type(grader).model_fields.items():
        shown = field.alias or name
        if shown in option_names(kind) and getattr(grader, name) != field.get_default(call_default_factory=True):
            value = data[shown]
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            words.append(f"{shown}={shlex.quote(text)}")
    return " ".join(words)
