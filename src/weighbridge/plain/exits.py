"""Exit codes, and the one place where an exception becomes one."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

from weighbridge.domain.problems import Problem
from weighbridge.plain import diagnostics

if TYPE_CHECKING:
    from pathlib import Path


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    INPUT = 2
    REFUSED = 3
    OUTSIDE = 4
    CHECK = 5
    INTERRUPTED = 130


def guarded(main: Callable[[], int]) -> int:
    """Runs a verb. Whatever it raises becomes one sentence on standard error and an exit code, never a traceback."""
    diagnostics.interrupts_untold()
    try:
        return int(main())
    except Problem as trouble:
        diagnostics.problem(trouble)
        return trouble.exit_code
    except KeyboardInterrupt:
        diagnostics.say("interrupted")
        return Exit.INTERRUPTED
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # ctrl+c while a class was being made
            diagnostics.say("interrupted")
            return Exit.INTERRUPTED
        kept = _keep(error)
        where = f"The details are in {kept}." if kept else "The details could not be saved: no folder is writable."
        diagnostics.say(f"something unexpected happened: {type(error).__name__}: {error}", where)
        return Exit.OUTSIDE


@contextmanager
def interrupts_held() -> Iterator[Callable[[], None]]:
    """Holds ctrl+c back until `release()` is called, which raises KeyboardInterrupt where one came meanwhile."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))

    def release() -> None:
        signal.signal(signal.SIGINT, before)
        if came:
            raise KeyboardInterrupt

    try:
        yield release
    finally:
        signal.signal(signal.SIGINT, before)


def utf8_streams() -> None:
    """A character that the terminal's encoding lacks is shown as its code instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _keep(error: BaseException) -> Path | None:
    """Writes the traceback below the data folder; None where that fails too."""
    import traceback
    from datetime import UTC, datetime

    try:
        from weighbridge.services.runs.store import data_folder

        path = data_folder() / "errors" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
    except (OSError, ImportError):
        return None
    return path
