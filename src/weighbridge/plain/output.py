"""The one writer of standard output: text for people, JSON for programs.

JSON goes out as one line an object, in ASCII: whatever a model said, no escape reaches a terminal. A reader that
went away (`weighbridge prove --json | head -1`) is no error: the rest is dropped, and `reader_gone()` tells it.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import Any

from weighbridge.domain.problems import OutsideFailed

_gone = False


def text(line: str = "") -> None:
    """One line, or several. The caller has cleaned what came from outside."""
    _write(line + "\n")


def ask(prompt: str) -> None:
    """A prompt: what is typed stands on the same line."""
    _write(prompt)


def json_line(value: Any) -> None:
    """One JSON object on one line. ValueError for NaN and infinity."""
    text(json.dumps(value, allow_nan=False))


def reader_gone() -> bool:
    """Whether nobody reads standard output any more."""
    return _gone


def _write(data: str) -> None:
    global _gone
    if _gone or sys.stdout is None:
        return
    try:
        sys.stdout.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        _gone = True
        _to_nowhere()
    except OSError as error:
        _to_nowhere()
        what = "no space is left" if error.errno == errno.ENOSPC else error.strerror
        raise OutsideFailed(f"Standard output cannot be written: {what}.", "Send it somewhere else.") from error


def _to_nowhere() -> None:
    """What is still buffered goes to the null device, so that the interpreter's last flush is quiet."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
