"""json: the answer holds a JSON object with the required keys, each of its type."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from weighbridge.domain.verdict.graders.base import BaseGrader, Mark, quoted
from weighbridge.domain.verdict.graders.json_text import DIFFER, NOT_JSON, found_values

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
    """Passes where the JSON object of the answer has the required keys, each of its type. More keys may be there.

    Two objects that differ are no answer, whichever would pass; the same one twice is.
    """

    kind: Literal["json"]
    required: dict[str, JsonType] = Field(min_length=1)

    def mark(self, answer: str) -> Mark:
        values = found_values(answer)
        if len(values) != 1:
            wrong = f"two JSON objects {DIFFER}" if values else f"no JSON object {NOT_JSON}"
            return Mark(passed=False, reason=f"holds {wrong}")
        value = values[0]
        for key, kind in self.required.items():
            if key not in value:
                return Mark(passed=False, reason=f"the JSON object lacks the key {quoted(key)}")
            if not _is(value[key], kind):
                return Mark(passed=False, reason=f"the JSON value of {quoted(key)} is not of type {kind}")
        return Mark(passed=True, reason="a JSON object with " + ", ".join(self.required))
