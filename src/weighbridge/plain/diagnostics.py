"""The one writer of standard error: messages and progress for people."""

from __future__ import annotations

import os
import shutil
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
    _write(line + "\n")


def can_repaint() -> bool:
    """Whether a line may be drawn over: a terminal that is neither dumb nor read aloud."""
    dumb = os.environ.get("TERM") == "dumb" or os.environ.get("ACCESSIBLE", "") not in ("", "0")
    return not dumb and sys.stderr is not None and sys.stderr.isatty()


def repaint(line: str) -> None:
    """Draws over the line that was painted last."""
    width = max(1, shutil.get_terminal_size().columns - 1)
    _write("\r" + clean_line(line, width).ljust(width))


def end_painting() -> None:
    """What follows starts on a line of its own."""
    _write("\n")


def _write(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return
