"""Says in one sentence why a process ended that should not have."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from weighbridge.domain.proof.events import Failed, FailureKind
from weighbridge.domain.text import clean_line
from weighbridge.services.engine.child_wire import EXIT_TIME_LIMIT, TEMPLATE_HARD_LIMIT_S

_TAIL_BYTES = 8192
_FOLDER = re.compile(r"(?<!\S)/(?:[^/\s]+/)+")
"""The folder of an absolute path: an assertion of the engine names the source file where it was built."""
_SIGNALS = {
    "SIGSEGV": "it touched memory that is not its own (SIGSEGV), a fault of the engine on this processor",
    "SIGBUS": "a memory page could not be read (SIGBUS): the model's file changed or its disk failed",
    "SIGABRT": "it gave up on a check of its own (SIGABRT)",
    "SIGILL": "its build uses instructions that this processor lacks (SIGILL): it was built for another CPU",
    "SIGFPE": "it divided by zero (SIGFPE)",
    "SIGKILL": "killed by the system, most likely out of memory (SIGKILL)",
    "SIGTERM": "somebody asked it to end (SIGTERM)",
}


def signal_name(exit_code: int | None) -> str | None:
    """The signal behind a negative exit code of `subprocess`, for example -11 -> SIGSEGV."""
    if exit_code is None or exit_code >= 0:
        return None
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


def last_line(log: Path, hidden: tuple[str, ...]) -> str:
    """The last line of a log that says something: cleaned, without the folders in `hidden` or of source files."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    text = _FOLDER.sub("", text)
    for folder in hidden:
        text = text.replace(folder, "")
    lines = map(clean_line, reversed(text.splitlines()))
    return next((line for line in lines if line.strip(". ")), "")


def explain(exit_code: int, phase: str, t: float, last_log: str) -> Failed:
    """The `failed` event of a child that ended with `exit_code` in `phase` and left no such event itself."""
    name = signal_name(exit_code)
    kind: FailureKind = "crash"
    message = f"The engine's process died during {phase}: {_SIGNALS.get(name or '', name)}."
    if exit_code == EXIT_TIME_LIMIT:
        kind, message = "time_limit", f"The engine's time limit was over during {phase}, so its process was ended."
    elif name == "SIGPROF":
        kind = "time_limit"
        message = (
            f"The model's chat template took more than {TEMPLATE_HARD_LIMIT_S:g} s, so the engine's process was ended."
        )
    elif name is None:
        message = f"The engine's process ended by itself during {phase}, with exit code {exit_code}."
    return Failed(
        t=t,
        kind=kind,
        phase=phase,
        message=message,
        signal=name,
        exit_code=exit_code,
        last_log=last_log,
    )
