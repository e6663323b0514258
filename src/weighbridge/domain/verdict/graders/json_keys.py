"""json: the answer holds a JSON object with the required keys, each of its type."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from weighbridge.domain.verdict.graders.base import BaseGrader, Mark
from weighbridge.domain.verdict.graders.json_text import NOT_JSON, first_value

JsonType = Literal["string", "number", "integer", "boolean", "array", "object", "null"]

_KINDS: dict[JsonType, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def _is(value: Any, kind: JsonType) -> bool:
    if isinstance(value, bool) and kind in ("number", "integer"):
        return False
    return isinstance(value, _KINDS[kind])


class Json(BaseGrader):
    """Passes where the first JSON object of the answer has the required keys, each of its type. More may be there."""

    kind: Literal["json"]
    required: dict[str, JsonType] = Field(min_length=1)

    def mark(self, answer: str) -> Mark:
        there, value = first_value(answer)
        if not there:
            return Mark(passed=False, reason=f"holds no JSON object {NOT_JSON}")
        for key, kind in self.required.items():
            if key not in value:
                return Mark(passed=False, reason=f"the JSON object lacks the key {key!r}")
            if not _is(value[key], kind):
                return Mark(passed=False, reason=f"the JSON value of {key!r} is not of type {kind}")
        return Mark(passed=True, reason="a JSON object with " + ", ".join(self.required))
