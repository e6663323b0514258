"""TOML files with errors that a person can act on: the line, the key, what is wrong, what is allowed."""

from __future__ import annotations

import re
import tomllib
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_scan import Path, key_lines
from weighbridge.domain.toml_words import sentence

Model = TypeVar("Model", bound=BaseModel)

HINT = "Correct the file and try again."


def misplaced(message: str, *path: int | str) -> PydanticCustomError:
    """An error for a validator to raise: what is wrong stands at `path`, seen from what the validator was given."""
    return PydanticCustomError("misplaced", "{message}", {"message": message, "path": path})


def line_of(text: str, loc: Path) -> int | None:
    """The line (from 1) on which a key path stands in TOML text; None where even its start is not found.

    `loc` may be an error location of pydantic. A part that the text does not hold (a missing key, the tag of
    a union) is passed over, so that the line of the table around it is given.
    """
    return _find(text, loc)[1]


def _find(text: str, loc: Path) -> tuple[Path, int | None]:
    """The parts of a location that the text holds, and the line of the last of them."""
    try:
        lines = key_lines(text)
    except RecursionError:
        return loc, None
    found: Path = ()
    for part in loc:
        if (*found, part) in lines:
            found = (*found, part)
    return found, lines.get(found)


def explain(error: ValidationError, text: str, name: str, model: type[BaseModel] | None = None) -> str:
    """One error as `NAME, line 12: case[2].grader: what is wrong; allowed: ...`.

    An unknown key goes before the other errors (it often is why another key is missing), else the first counts.
    Lists count from 0. `text` is the TOML that was read ("" where there is none: the line is then left out).
    With `model`, an unknown key is answered with the known ones.
    """
    errors = error.errors(include_url=False)
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    loc = (*first["loc"], *first.get("ctx", {}).get("path", ()))
    if first["type"] == "union_tag_invalid":
        loc = (*loc, first["ctx"]["discriminator"].strip("'"))
    loc, line = _find(text, loc) if text else (loc, None)
    if text and first["type"] == "missing":
        loc = (*loc, first["loc"][-1])
    where = clean_line(name) + (f", line {line}" if line is not None else "")
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{clean_line(part, 60)}" for part in loc)
    return ": ".join(filter(None, (where, key.removeprefix("."), sentence(first, model))))


def load_toml(text: str, name: str, model: type[Model]) -> Model:
    """The validated content of a TOML file. Raises BadInput with file, line and fix."""
    shown = clean_line(name)
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise BadInput(f"{shown}: nested too deeply", HINT) from None
    except ValueError as error:
        message = clean_line(str(error))
        at = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", message)
        line = int(at[2]) if at and at[2] else text.count("\n") + 1 if at else None
        where = f"{shown}, line {line}" if line else shown
        raise BadInput(f"{where}: not valid TOML: {at[1] if at else message}", HINT) from None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BadInput(explain(error, text, name, model), HINT) from None
