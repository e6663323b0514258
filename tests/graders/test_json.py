"""json and json_schema: what counts as JSON in an answer, which schemas are taken, and what fits."""

from __future__ import annotations

from typing import Any

import pytest
from graders.grading import made, marked

PERSON = {"kind": "json", "required": {"name": "string", "age": "integer"}}
SCHEMA = {
    "kind": "json_schema",
    "target": {
        "type": "object",
        "required": ["name", "age"],
        "properties": {"name": {"type": "string"}, "age": {"$ref": "#/$defs/age"}},
        "additionalProperties": False,
        "$defs": {"age": {"type": "integer", "minimum": 0}},
    },
}
LIST = {"kind": "json_schema", "target": '{"type": "array", "items": {"type": "integer"}, "minItems": 2}'}
NUMBER = {"kind": "json_schema", "target": {"type": "number", "maximum": 7}}
DATED = {"kind": "json_schema", "target": {"properties": {"at": {"format": "date"}}, "required": ["at"]}}

BOTH: list[tuple[str, bool]] = [
    ('{"name": "Ana", "age": 30}', True),
    ('Here: ```json\n{"name": "Ana", "age": 30}\n``` done', True),
    ('Sure {as asked}: {"name": "Ana", "age": 30}.', True),
    ("｛＂name＂：＂Ana＂，＂age＂：３０｝", True),
    ('{"name": "Ana"}', False),
    ('{"name": "Ana", "age": "30"}', False),
    ('{"name": "Ana", "age": true}', False),
    ('{"name": "Ana", "age": NaN}', False),
    ('{"name": "Ana", "age": 30,}', False),
    ("{'name': 'Ana', 'age': 30}", False),
    ('{"name": "Ana", "age": 30, "age": 31}', False),
    ('{"name": "Ana", "age": 30', False),
    ('["name", "age"]', False),
    ("name and age", False),
    ('{"name": "Ana", "age": 30}{"name": "Ana", "age": "x"}', False),
    ('{"name": "Ana", "age": "x"} or {"name": "Ana", "age": 30}', False),
    ('{"name": "Ana", "age": 1} {"name": "Ana", "age": true}', False),
    ('{"name": "Ana", "age": 30}, that is {"age": 30, "name": "Ana"}', True),
    ('<think>{"name": "Ana", "age": 30}</think> I do not know.', False),
    ('<think>hm</think>{"name": "Ana", "age": 30}', True),
]

SCHEMAS: list[tuple[dict[str, Any], str, bool]] = [
    (SCHEMA, '{"name": "Ana", "age": -1}', False),
    (SCHEMA, '{"name": "Ana", "age": 3, "city": "Rome"}', False),
    (SCHEMA, '{"name": "㈱", "age": 3}', True),
    (LIST, "The list [1, 2, 3] is it", True),
    (LIST, "[1]", False),
    (LIST, '["1", "2"]', False),
    (NUMBER, "7", True),
    (NUMBER, "```\n7\n```", True),
    (NUMBER, "8", False),
    (NUMBER, "it is 7", False),
    (DATED, '{"at": "2026-01-31"}', True),
    (DATED, '{"at": "31.01.2026"}', False),
    ({"kind": "json_schema", "target": {"const": {"a": "１"}}}, '{"a": "１"}', True),
    ({"kind": "json_schema", "target": {"multipleOf": 0.1, "type": "integer"}}, "9" * 400, False),
]


@pytest.mark.parametrize("grader", [PERSON, SCHEMA], ids=["json", "json_schema"])
@pytest.mark.parametrize(("output", "passed"), BOTH)
def test_keys_and_types(grader: dict[str, Any], output: str, passed: bool) -> None:
    mark = marked(grader, output)
    assert mark.passed is passed, mark.reason


@pytest.mark.parametrize(("grader", "output", "passed"), SCHEMAS)
def test_schemas(grader: dict[str, Any], output: str, passed: bool) -> None:
    mark = marked(grader, output)
    assert mark.passed is passed, mark.reason


def test_more_keys_are_no_fault_without_a_schema_against_them() -> None:
    assert marked(PERSON, '{"name": "Ana", "age": 3, "city": "Rome"}').passed


def test_the_reason_names_the_place() -> None:
    assert "$.age" in marked(SCHEMA, '{"name": "Ana", "age": -1}').reason


@pytest.mark.parametrize("output", ['{"a":' * 20_000, "[" * 100_000, '{"age": ' + "9" * 5000 + "}", "\ud800{"])
def test_hostile_json_is_an_answer_like_any_other(output: str) -> None:
    assert not marked(PERSON, output).passed
    assert not marked(SCHEMA, output).passed


def test_a_schema_that_leads_back_to_itself_fails_the_answer() -> None:
    loop = {"kind": "json_schema", "target": {"$ref": "#"}}
    assert "without end" in marked(loop, "{}").reason


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"$ref": "https://example.com/schema.json"}, "leads out of the schema"),
        ({"properties": {"a": {"$ref": "other.json#/$defs/a"}}}, "leads out of the schema"),
        ({"anyOf": [{"$dynamicRef": "http://127.0.0.1/x"}]}, "leads out of the schema"),
        ({"$ref": "#/$defs/nothing"}, "leads to no part of the schema"),
        ({"$schema": "https://example.com/my-own", "type": "object"}, "is not known"),
        ({"properties": {"a": {"$id": "https://example.com/a"}}}, "take it out of its parts"),
        ({"type": "objekt"}, "not a JSON Schema"),
        ({"properties": {"a": {"pattern": "("}}}, "not a regular expression"),
        ({"patternProperties": {"(": {}}}, "not a regular expression"),
        ({"properties": {"a": {"format": "uri"}}}, "'uri' is not checked"),
        ({"minimum": float("nan")}, "JSON values alone"),
        ("{", "the text is not JSON"),
        ("[1]", "valid dictionary"),
        ({}, "at least 1"),
    ],
)
def test_schemas_that_cannot_be_used_are_refused(target: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made("json_schema", target=target)


def test_words_that_only_look_like_references_are_let_be() -> None:
    made("json_schema", target={"properties": {"$ref": {"type": "string"}, "format": {"const": "uri"}}})
    made("json_schema", target={"const": {"$ref": "https://example.com"}, "enum": [{"format": "pdf"}]})
    made("json_schema", target={"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"})
