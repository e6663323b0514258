"""The one writer of standard error: messages and progress for people."""

from __future__ import annotations

import sys

from weighbridge.domain.problems import Problem
from weighbridge.domain.text import clean_line

_LIMIT = 1000


def say(message: str, hint: str = "") -> None:
    """`weighbridge: message`, and what to do about it on a line of its own."""
    note(f"weighbridge: {clean_line(message, _LIMIT)}")
    if hint:
        note(f"  {clean_line(hint, _LIMIT)}")


def problem(trouble: Problem) -> None:
    """The one sentence of an expected failure, and the way out."""
    say(str(trouble), trouble.hint)


def note(line: str) -> None:
    """A line of progress. Nobody who listens is no error."""
    if sys.stderr is None:
        return
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        return
