"""How the engine's process is started: which command, which environment, where."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process

from weighbridge.domain.problems import OutsideFailed
from weighbridge.services.environment import harmless, own_path

CHILD = "weighbridge.services.engine.child"
MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that the child may write: an answer of a million tokens fits."""
QUIET_PERCENT = 15.0
"""Others' processor time, percent of one core, up to which a machine is quiet."""
SPIN_COUNT = "1000"
"""Turns that an OpenMP thread spins at a barrier before it sleeps, unless the machine is quiet. Sleeping at once costs
a third of the idle rate, and long spinning collapses where another process wants the core. Decode tokens/s, two threads
on two cores, the bundled model, median and range of four or five interleaved rounds on a shared machine, so that only
the order is sure:

    GOMP_SPINCOUNT      idle          one core busy
    0 (passive)         47 (40-55)    29 (19-39)
    100                 -             32 (30-34)
    300                 69 (59-78)    27 (21-31)
    1000                71 (63-74)    20 (19-24)
    2000                67 (19-79)    13 (8-14)
    5000                -             7 (2-8)
    20000               76 (63-84)    -
    default             75 (69-85)    2 to 9

One thread: 45 (42-55) idle, 31 (14-43) busy, which is what a sweep then takes. A prompt is read at 143 tokens/s with
1000 turns and at 180 with 20000 or the default. Over llama-bench with two threads (which spins as the library does),
eight rounds: decode 0.91 and prefill 0.95 with 20000, 0.95 and 0.98 with the default. Hence the library's own count
where the machine is quiet just before; a core that is taken later is the business of `child_collapse`.
"""


def child_environment(others_percent: float | None = None) -> dict[str, str]:
    """Harmless variables, and those that steer the engine's libraries.

    Waiting threads spin for a moment, then sleep (GOMP_SPINCOUNT); as long as the library thinks best where
    `others_percent` is that of a quiet machine. An abort does not start a debugger on the process (GGML_NO_BACKTRACE).
    numpy comes along with the library and computes nothing: it gets no threads (OPENBLAS_NUM_THREADS).
    """
    passed = harmless() | own_path() | {"GGML_NO_BACKTRACE": "1", "OPENBLAS_NUM_THREADS": "1"}
    if others_percent is None or others_percent > QUIET_PERCENT:
        passed["GOMP_SPINCOUNT"] = SPIN_COUNT
    return passed


async def spawn(log_path: str, module: str | None = None, others_percent: float | None = None) -> Process:
    """Starts the child, or another `module` of its kind, in a session of its own: no key of this terminal reaches it.

    `others_percent`: processor time that others took just before, of one core; None: not known.

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
                env=child_environment(others_percent),
                cwd=os.path.abspath(os.sep),
                start_new_session=True,
                limit=MAX_LINE_BYTES,
            )
    except OSError as error:
        raise OutsideFailed(
            f"The engine's process cannot be started: {error.strerror or error}.",
            "Look at the free disk space and memory of this machine, then start again.",
        ) from error
