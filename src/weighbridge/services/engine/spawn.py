"""How the engine's process is started: which command, which environment, where."""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import weighbridge
from weighbridge.domain.problems import OutsideFailed

CHILD = "weighbridge.services.engine.child"
MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that the child may write: an answer of a million tokens fits."""
_PASSED = (
    "PATH",
    "LANG",
    "LANGUAGE",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LD_LIBRARY_PATH",
    "SYSTEMROOT",
    "WINDIR",
    "PATHEXT",
)


def child_environment() -> dict[str, str]:
    """A small list of harmless variables; no token, no proxy and no home folder reaches the engine.

    Waiting threads spin for a moment only, then sleep (GOMP_SPINCOUNT): threads that spin for long collapse on a busy
    machine. An abort does not start a debugger on the process (GGML_NO_BACKTRACE). numpy comes along with the
    library and computes nothing: it gets no threads (OPENBLAS_NUM_THREADS).
    """
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    passed |= {name: value for name, value in os.environ.items() if name.startswith("LC_")}
    passed |= {"GOMP_SPINCOUNT": "1000", "GGML_NO_BACKTRACE": "1", "OPENBLAS_NUM_THREADS": "1"}
    home = Path(weighbridge.__file__).resolve().parents[1]
    if home not in {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}:
        passed["PYTHONPATH"] = str(home)
    return passed


async def spawn(log_path: str, module: str | None = None) -> Process:
    """Starts the child, or another `module` of its kind, in a session of its own: no key of this terminal reaches it.

    It works in the file system's root, where no file can be taken for a module (-P) or kept busy. Raises
    OutsideFailed where the log cannot be written or the system starts no process.
    """
    try:
        with open(log_path, "ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                module or CHILD,
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                env=child_environment(),
                cwd=os.path.abspath(os.sep),
                start_new_session=True,
                limit=MAX_LINE_BYTES,
            )
    except OSError as error:
        raise OutsideFailed(
            f"The engine's process cannot be started: {error.strerror or error}.",
            "Look at the free disk space and memory of this machine, then start again.",
        ) from error
