"""json_schema: the answer holds a JSON value that a JSON Schema accepts. The library `jsonschema` decides.

The schema stands alone: it may refer to its own parts (`#/$defs/...`) and to nothing else, so that a mark needs no
network and is the same everywhere. For that reason too only those formats are taken whose check needs no further
package. A schema can hold patterns that never end and parts that multiply, so it works under a time limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from weighbridge.domain.base import canonical_json
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.graders.base import BaseGrader, Mark
from weighbridge.domain.verdict.graders.json_text import NOT_JSON, first_value, whole_value
from weighbridge.domain.verdict.graders.pattern import compiles

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Resource

FORMATS = ("date", "email", "ipv4", "ipv6", "uuid")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class JsonSchema(BaseGrader):
    """Passes where the first JSON object (or array, or the whole answer, as the schema's type asks) fits the schema.

    `target`: the schema as a table, or its JSON as text. Draft 2020-12 unless `$schema` names another one.
    """

    kind: Literal["json_schema"]
    target: dict[str, Any] = Field(min_length=1)

    @property
    def may_run_long(self) -> bool:
        return True

    @field_validator("target", mode="before")
    @classmethod
    def _parsed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the text is not JSON: {clean_line(str(error), 100)}") from None

    @field_validator("target")
    @classmethod
    def _valid(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            text = canonical_json(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"a JSON Schema holds JSON values alone: {clean_line(str(error), 100)}") from None
        validator_of(text)
        return value

    def mark(self, answer: str) -> Mark:
        kinds = self.target.get("type", ["object", "array"])
        wanted = {kinds} if isinstance(kinds, str) else set(kinds)
        there, value = whole_value(answer)
        opens = ("{" if "object" in wanted else "") + ("[" if "array" in wanted else "")
        if not there and opens:
            there, value = first_value(answer, opens)
        if not there:
            return Mark(passed=False, reason=f"holds no JSON {' or '.join(sorted(wanted))} {NOT_JSON}")
        return self._fits(value)

    def _fits(self, value: Any) -> Mark:
        from jsonschema.exceptions import best_match

        try:
            worst = best_match(validator_of(canonical_json(self.target)).iter_errors(value))
        except RecursionError:
            return Mark(passed=False, reason="the JSON value or the schema is nested too deeply")
        if worst is None:
            return Mark(passed=True, reason="a JSON value that fits the schema")
        return Mark(
            passed=False, reason=clean_line(f"the JSON does not fit the schema: {worst.json_path}: {worst.message}")
        )


@lru_cache(maxsize=256)
def validator_of(text: str) -> Validator:
    """The validator of a schema in canonical JSON. ValueError, in words for its author, where it cannot be used."""
    from jsonschema import Draft202012Validator, FormatChecker
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    schema = json.loads(text)
    dialect = str(schema.get("$schema", ""))
    kind = validator_for(schema, default=None) if dialect else Draft202012Validator
    if kind is None:
        raise ValueError(f"the dialect {clean_line(dialect, 100)!r} is not known; leave $schema out for draft 2020-12")
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise ValueError(clean_line(f"not a JSON Schema: {error.json_path}: {error.message}")) from None
    except RecursionError:
        raise ValueError("the schema is nested too deeply") from None
    root = DRAFT202012.create_resource(schema) if not dialect else _resource(schema)
    _stands_alone(root)
    made: Validator = kind(schema, registry=Registry(), format_checker=FormatChecker(FORMATS))
    try:
        for value in ({}, [], "", 0, None):
            made.is_valid(value)
    except RecursionError:
        raise ValueError("the schema refers to itself without end: a $ref leads back to its own place") from None
    return made


def _resource(schema: Any) -> Resource[Any]:
    from referencing import Resource

    return Resource.from_contents(schema)


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
            reference = part.get(key, "#")
            if not reference.startswith("#"):
                said = clean_line(reference, 100)
                raise ValueError(
                    f"{key} {said!r} leads out of the schema: copy that part into $defs and refer to it by #"
                )
            try:
                resolver.lookup(reference)
            except Unresolvable:
                raise ValueError(f"{key} {clean_line(reference, 100)!r} leads to no part of the schema") from None
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
