"""What may be used as a JSON Schema, and whether a value fits one. The library `jsonschema` decides.

A schema stands alone: it may refer to its own parts (`#/$defs/...`) and to nothing else, so that a mark needs no
network and is the same everywhere. For that reason too only those formats are taken whose check needs no further
package. The library is imported where the first schema is met: most packs have none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.graders.pattern import compiles

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Resource

FORMATS = ("date", "email", "ipv4", "ipv6", "uuid")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_SLOW = "rfc3987_syntax"


@cache
def _load() -> None:
    """Imports the library without one of its optional checkers, which builds a grammar for seconds at its import
    wherever it happens to be installed. None of `FORMATS` needs it."""
    hidden = _SLOW not in sys.modules
    if hidden:
        sys.modules[_SLOW] = cast(ModuleType, None)
    try:
        import jsonschema  # noqa: F401
    finally:
        if hidden:
            del sys.modules[_SLOW]


def misfit(text: str, value: Any) -> str | None:
    """Where and why a JSON value does not fit a schema in canonical JSON; None where it does."""
    _load()
    from jsonschema.exceptions import best_match

    try:
        worst = best_match(validator_of(text).iter_errors(value))
    except RecursionError:
        return "the value is nested too deeply, or the schema refers to itself without end"
    except Exception as error:  # of a library on a value from outside: whatever it is, nothing has been shown to fit
        return clean_line(f"the schema cannot be applied: {type(error).__name__}: {error}", 200)
    return None if worst is None else clean_line(f"{worst.json_path}: {worst.message}", 200)


@lru_cache(maxsize=256)
def validator_of(text: str) -> Validator:
    """The validator of a schema in canonical JSON. ValueError, in words for its author, where it cannot be used."""
    _load()
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    schema = json.loads(text)
    dialect = str(schema.get("$schema", ""))
    kind = _dialects().get(dialect.rstrip("#"))
    if kind is None:
        raise ValueError(f"the dialect {clean_line(dialect, 100)!r} is not known; leave $schema out for draft 2020-12")
    try:
        kind.check_schema(schema, format_checker=FormatChecker(()))
        _stands_alone(Resource.from_contents(schema, default_specification=DRAFT202012))
    except SchemaError as error:
        raise ValueError(clean_line(f"not a JSON Schema: {error.json_path}: {error.message}")) from None
    except RecursionError:
        raise ValueError("the schema is nested too deeply") from None
    made: Validator = kind(schema, registry=Registry(), format_checker=FormatChecker(FORMATS))
    return made


def _dialects() -> dict[str, Any]:
    """The validator of each dialect; that of "" is for a schema that names none."""
    import jsonschema

    return {
        "": jsonschema.Draft202012Validator,
        "https://json-schema.org/draft/2020-12/schema": jsonschema.Draft202012Validator,
        "https://json-schema.org/draft/2019-09/schema": jsonschema.Draft201909Validator,
        "http://json-schema.org/draft-07/schema": jsonschema.Draft7Validator,
        "http://json-schema.org/draft-06/schema": jsonschema.Draft6Validator,
    }


def _stands_alone(root: Resource[Any]) -> None:
    """ValueError for references that leave the schema or lead nowhere, formats that are not checked, bad patterns."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    name = root.id() or ""
    resolver = Registry().with_resource(name, root).resolver(name)
    for part in _parts(root):
        if part is not root.contents and "$id" in part:
            raise ValueError("only the schema as a whole may have an $id: take it out of its parts")
        for key in _REFERENCES:
            reference = str(part.get(key, "#"))
            said = clean_line(reference, 100)
            if not reference.startswith("#"):
                raise ValueError(f"{key} {said!r} leads out of the schema: copy that part into $defs, and refer by #")
            try:
                resolver.lookup(reference)
            except Unresolvable:
                raise ValueError(f"{key} {said!r} leads to no part of the schema") from None
        if (form := part.get("format", FORMATS[0])) not in FORMATS:
            raise ValueError(f"the format {form!r} is not checked; use {', '.join(FORMATS)}, or a pattern")
        for pattern in (part.get("pattern", "x"), *part.get("patternProperties", ())):
            compiles(pattern)


def _parts(resource: Resource[Any]) -> Iterator[dict[str, Any]]:
    """Every subschema that is a table, the schema itself first."""
    if isinstance(resource.contents, dict):
        yield resource.contents
    for part in resource.subresources():
        yield from _parts(part)
