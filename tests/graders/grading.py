"""Graders from plain data, as they stand in a cases file."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from weighbridge.domain.verdict.graders import Grader, Mark, grade

GRADER: TypeAdapter[Grader] = TypeAdapter(Grader)


def made(kind: str, **arguments: Any) -> Grader:
    return GRADER.validate_python({"kind": kind, **arguments})


def marked(grader: dict[str, Any], output: str) -> Mark:
    return grade(GRADER.validate_python(grader), output)
