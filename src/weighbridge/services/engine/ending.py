"""Ends the engine's process: kindly first, within 0.3 s in any case."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import Process
from typing import Literal

import psutil

from weighbridge.domain.proof.events import Stopped
from weighbridge.domain.proof.runtime import Clock
from weighbridge.services.engine.child_wire import EXIT_REFUSED, EXIT_UNLOADED
from weighbridge.services.engine.death import signal_name

ASKED_S = 0.16
"""How long a busy child has after the `stop` command; it gives up by itself a little earlier."""
ASKED_IDLE_S = 2.5
"""How long a child has that was waiting for a request: it needs no more than freeing its model takes."""
TERMINATED_S = 0.05
"""How long it has after SIGTERM."""
_LAST_WAIT_S = 10.0
"""How long the kernel may take to clear away a killed process with gigabytes of memory."""

How = Literal["unloaded", "terminated", "killed", "crashed"]


async def end(process: Process, clock: Clock, *, crashed: bool, idle: bool) -> Stopped:
    """Ends `process` if it still runs and gives the shutdown evidence.

    `crashed`: it died before, by itself. `idle`: it has a model and no request to work on.
    """
    began = clock()
    died = process.returncode is not None
    if not died:
        await _ask(process, ASKED_IDLE_S if idle else ASKED_S)
        for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            if process.returncode is None:
                send_signal(process, number)
                await _wait(process, TERMINATED_S if number == signal.SIGTERM else _LAST_WAIT_S)
    t = clock()
    return Stopped(
        t=t,
        pid=process.pid,
        how=_how(process.returncode, crashed or died),
        seconds=t - began,
        exit_code=process.returncode,
        signal=signal_name(process.returncode),
        gone=not psutil.pid_exists(process.pid),
    )


async def _ask(process: Process, seconds: float) -> None:
    if process.stdin is not None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            process.stdin.write(b'{"do":"stop"}\n')
    await _wait(process, seconds)


async def _wait(process: Process, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), seconds)


def kill(process: Process) -> None:
    """SIGKILL, without waiting: for a child that hangs or that nobody listens to any more."""
    if process.returncode is None:
        send_signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))


def send_signal(process: Process, number: int) -> None:
    """To the child's whole process group where the system has such groups; a child that is gone is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def _how(exit_code: int | None, failed: bool) -> How:
    if exit_code in (EXIT_UNLOADED, EXIT_REFUSED):
        return "unloaded"
    if failed:
        return "crashed"
    return "killed" if signal_name(exit_code) == "SIGKILL" else "terminated"
