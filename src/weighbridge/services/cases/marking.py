"""Marks answers. What may run for ever (patterns, JSON Schemas) runs in a process of its own, which can be ended.

A regular expression can take longer than the age of the universe, and nothing in the same process can stop it. What
cannot be marked in time fails, with that as the reason, in the eval and when a packet is verified alike.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.graders import Mark, grade

TIME_LIMIT_S = 10.0
"""Processor time of the process that marks, from when it is ready: on a busy machine a harmless pattern passes too."""
WALL = 12 if hasattr(signal, "setitimer") else 1
"""By so much longer it may take by the clock, where the system itself ends it by its processor time."""
MOST_SLOW = 3
"""Answers that may run out of time in one call: a file of hostile patterns holds nobody up for longer."""
TOO_SLOW = Mark(
    passed=False, reason=f"the pattern or the schema could not be applied within {TIME_LIMIT_S:g} s: make it simpler"
)
NOT_TRIED = Mark(
    passed=False, reason=f"not marked: {MOST_SLOW} patterns or schemas before it could not be applied in time"
)

Work = Sequence[tuple[Case, str]]


def mark(cases: Mapping[str, Case], outputs: Mapping[str, str]) -> dict[str, Mark]:
    """The mark of each output whose case is known. Never raises for any text."""
    shared = [case for case in outputs if case in cases]
    apart = [case for case in shared if cases[case].grader.may_run_long]
    marks = {case: grade(cases[case].grader, outputs[case]) for case in shared if not cases[case].grader.may_run_long}
    return marks | dict(zip(apart, _all_apart([(cases[c], outputs[c]) for c in apart]), strict=True))


def _all_apart(work: Work) -> Iterator[Mark]:
    """A mark for each. A process that ended too early is followed by another one for what is left."""
    done = slow = 0
    while done < len(work) and slow < MOST_SLOW:
        marks = _apart(work[done:])
        yield from marks
        done += len(marks)
        if not marks:
            yield TOO_SLOW
            done, slow = done + 1, slow + 1
    yield from (NOT_TRIED for _ in work[done:])


def _apart(work: Work) -> list[Mark]:
    """Marks from another process, in order, as many as were made within the limits."""
    sent = json.dumps([[case.grader.model_dump(mode="json"), output] for case, output in work])
    command = [sys.executable, "-P", "-m", "weighbridge.services.cases.marking", str(TIME_LIMIT_S)]
    try:
        said = subprocess.run(command, input=sent.encode(), capture_output=True, timeout=WALL * TIME_LIMIT_S).stdout
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
    except OSError:
        said = b""
    whole = said[: said.rfind(b"\n") + 1]
    try:
        return [Mark.model_validate_json(line) for line in whole.splitlines()][: len(work)]
    except ValidationError:
        return []


def main() -> None:
    """stdin: JSON array of [grader, output]; stdout: a mark as JSON a line, each as soon as it is made.

    argv: after so many seconds of processor time the system ends this process, within one pattern too.
    """
    from pydantic import TypeAdapter

    from weighbridge.domain.verdict.graders import Grader

    graders: TypeAdapter[Grader] = TypeAdapter(Grader)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, float(sys.argv[1]))
    for grader, output in json.load(sys.stdin.buffer):
        print(grade(graders.validate_python(grader), output).model_dump_json(), flush=True)


if __name__ == "__main__":
    main()
