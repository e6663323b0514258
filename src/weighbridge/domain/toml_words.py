"""Validation errors in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from weighbridge.domain.text import clean_line

_WANTED = {
    "string": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list in square brackets",
    "list": "a list in square brackets",
    "dict": "a table",
    "model": "a table",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}
_OR_AUTO = ("n_threads", "n_threads_batch")
"""Keys whose number may be left to a measurement by the word `auto`."""


def sentence(error: ErrorDetails, model: type[BaseModel] | None = None) -> str:
    """What is wrong, and what is allowed where that is known."""
    kind, context = error["type"], error.get("ctx", {})
    value = _shown(error["input"])
    if kind == "missing":
        return "this key is missing"
    if kind == "extra_forbidden":
        return _unknown_key(error, model)
    if kind == "literal_error":
        return f"{value} is not one of the known values; allowed: {context['expected']}"
    if kind == "union_tag_invalid":
        return f"{context['tag']!r} is not known; allowed: {context['expected_tags']}"
    if kind == "union_tag_not_found":
        return f"the key {context['discriminator']!s} is missing"
    if kind in ("value_error", "misplaced"):
        return clean_line(str(context.get("error", context.get("message"))))
    if kind == "string_pattern_mismatch":
        return f"{value} does not match the pattern {context['pattern']}"
    if kind in _LIMITS:
        word, key = _LIMITS[kind]
        if str(error["input"]).strip().lower() == "nan":
            return f"{value} is not a number"
        return f"must be {word} {context[key]:,} (it is {value})".replace(".0 (", " (")
    wanted = _WANTED.get(kind.partition("_")[0])
    if wanted and kind.rpartition("_")[2] in ("type", "parsing", "float", "size"):
        auto = " or auto" if error["loc"] and error["loc"][-1] in _OR_AUTO else ""
        return f"{value} is not {wanted}{auto}"
    return f"{clean_line(error['msg'])} (it is {value})"


def _shown(value: object) -> str:
    """A value as a person wrote it: true and false are TOML's words."""
    return str(value).lower() if isinstance(value, bool) else clean_line(repr(value), 60)


def _unknown_key(error: ErrorDetails, model: type[BaseModel] | None) -> str:
    key = str(error["loc"][-1])
    known = sorted(_keys(model, error["loc"][:-1])) if model else []
    text = "unknown key"
    if near := difflib.get_close_matches(key, known, 1):
        text += f", perhaps {near[0]!r} is meant"
    return text + (f"; allowed: {', '.join(known)}" if known else "")


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    """The keys of the table at a location: of every model that it may be."""
    here = [model]
    for part in loc:
        if isinstance(part, int):
            continue
        pairs = [pair for one in here for pair in one.model_fields.items()]
        fields = [field for name, field in pairs if part in (name, field.alias)]
        inner = [found for field in fields for found in _models(field.annotation)]
        here = inner or [one for one in here if _has_tag(one, part)] or here
    return {field.alias or name for one in here for name, field in one.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model inside an annotation, however wrapped."""
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for part in get_args(annotation):
        yield from _models(part)


def _has_tag(model: type[BaseModel], tag: str) -> bool:
    """Whether a model is the member of a tagged union that a location names."""
    kinds = (field.annotation for field in model.model_fields.values())
    return any(tag in get_args(kind) for kind in kinds if get_origin(kind) is Literal)
