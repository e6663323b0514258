"""json_schema: the answer holds a JSON value that a JSON Schema accepts."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import Field, field_validator

from weighbridge.domain.base import canonical_json
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.graders.base import BaseGrader, Mark
from weighbridge.domain.verdict.graders.json_text import DIFFER, NOT_JSON, found_values, whole_value
from weighbridge.domain.verdict.graders.schemas import misfit, validator_of


class JsonSchema(BaseGrader):
    """Passes where the JSON object (or array, or the whole answer, as the schema's type asks) fits the schema.

    Two of them that differ are no answer, whichever would fit; the same one twice is.
    `target`: the schema as a table, or its JSON as text. Draft 2020-12 unless `$schema` names another one. It may
    hold patterns that never end and parts that multiply, so it is applied under a time limit.
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
        values = [value] if there else found_values(answer, opens) if opens else []
        if len(values) != 1:
            none = f"no JSON {' or '.join(sorted(wanted))} {NOT_JSON}"
            return Mark(passed=False, reason=f"holds {f'two JSON values {DIFFER}' if values else none}")
        value = values[0]
        wrong = misfit(canonical_json(self.target), value)
        if wrong is None:
            return Mark(passed=True, reason="a JSON value that fits the schema")
        return Mark(passed=False, reason=f"the JSON does not fit the schema: {wrong}")
