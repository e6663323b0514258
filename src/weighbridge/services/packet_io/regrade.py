"""Marks stored answers again. Patterns are searched in a process of their own, which may be ended.

A regular expression from a foreign packet can take longer than the age of the universe, and nothing in the same
process can stop it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.graders import Mark, grade

TIME_LIMIT_S = 20.0


def regrade(cases: Mapping[str, Case], outputs: Mapping[str, str]) -> dict[str, Mark | None]:
    """The mark of each case's output; None where a pattern could not be searched within `TIME_LIMIT_S`."""
    shared = [case for case in outputs if case in cases]
    patterns = [case for case in shared if cases[case].grader.kind == "pattern"]
    marks: dict[str, Mark | None] = {
        case: grade(cases[case].grader, outputs[case]) for case in shared if case not in patterns
    }
    if patterns:
        marks |= zip(patterns, _apart([(cases[c], outputs[c]) for c in patterns]), strict=True)
    return marks


def _apart(work: Sequence[tuple[Case, str]]) -> list[Mark | None]:
    sent = json.dumps([[case.model_dump(mode="json"), output] for case, output in work])
    command = [sys.executable, "-P", "-m", "weighbridge.services.packet_io.regrade"]
    try:
        done = subprocess.run(command, input=sent.encode(), capture_output=True, timeout=TIME_LIMIT_S, check=True)
        return [Mark.model_validate(mark) for mark in json.loads(done.stdout)]
    except (subprocess.SubprocessError, OSError, ValueError, ValidationError):
        return [None] * len(work)


def main() -> None:
    """stdin: JSON array of [case, output]; stdout: JSON array of marks."""
    marks = [grade(Case.model_validate(case).grader, output) for case, output in json.load(sys.stdin.buffer)]
    sys.stdout.write(json.dumps([mark.model_dump() for mark in marks]))


if __name__ == "__main__":
    main()
