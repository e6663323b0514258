"""Marks answers. Patterns are searched in a process of their own, which may be ended.

A regular expression can take longer than the age of the universe, and nothing in the same process can stop it. What
cannot be searched in time fails, with that as the reason, in the eval and when a packet is verified alike.
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
TOO_SLOW = Mark(passed=False, reason=f"the pattern could not be searched within {TIME_LIMIT_S:g} s: make it simpler")


def mark(cases: Mapping[str, Case], outputs: Mapping[str, str]) -> dict[str, Mark]:
    """The mark of each output whose case is known. At most `TIME_LIMIT_S` for all patterns, then for each alone."""
    shared = [case for case in outputs if case in cases]
    patterns = [case for case in shared if cases[case].grader.kind == "pattern"]
    marks = {case: grade(cases[case].grader, outputs[case]) for case in shared if case not in patterns}
    found = _apart([(cases[c], outputs[c]) for c in patterns])
    if found is None:
        alone = [_apart([(cases[c], outputs[c])]) for c in patterns]
        found = [one[0] if one else TOO_SLOW for one in alone]
    return marks | dict(zip(patterns, found, strict=True))


def _apart(work: Sequence[tuple[Case, str]]) -> list[Mark] | None:
    """Marks from another process; None where it did not end in time."""
    if not work:
        return []
    sent = json.dumps([[case.model_dump(mode="json"), output] for case, output in work])
    command = [sys.executable, "-P", "-m", "weighbridge.services.marking"]
    try:
        done = subprocess.run(command, input=sent.encode(), capture_output=True, timeout=TIME_LIMIT_S, check=True)
        return [Mark.model_validate(one) for one in json.loads(done.stdout)]
    except (subprocess.SubprocessError, OSError, ValueError, ValidationError):
        return None


def main() -> None:
    """stdin: JSON array of [case, output]; stdout: JSON array of marks."""
    marks = [grade(Case.model_validate(case).grader, output) for case, output in json.load(sys.stdin.buffer)]
    sys.stdout.write(json.dumps([one.model_dump() for one in marks]))


if __name__ == "__main__":
    main()
