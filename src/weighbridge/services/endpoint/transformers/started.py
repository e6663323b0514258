"""A server that weighbridge starts on this machine: where it listens, how it is ended, and what shows that."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from typing import Literal

import psutil

from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Stopped
from weighbridge.domain.proof.runtime import Clock
from weighbridge.services.engine.death import signal_name
from weighbridge.services.engine.ending import send_signal
from weighbridge.services.environment import own_path

HOST = "127.0.0.1"
TERMINATED_S = 0.15
"""How long a server has after SIGTERM. It has no answer on its way any more, and keeps nothing that could be lost."""
_LAST_WAIT_S = 10.0


class StartedServer:
    """One process with all that it starts, in a session of its own. `port`: of the loopback address."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def died(self) -> str:
        """How it ended by itself, `exit code 1` or `SIGKILL`; empty while it runs."""
        code = self.process.returncode
        return "" if code is None else signal_name(code) or f"exit code {code}"

    @property
    def signal(self) -> str | None:
        """The signal that ended it, for example SIGKILL."""
        return signal_name(self.process.returncode)

    async def ended(self, seconds: float) -> bool:
        """Whether it ends by itself within so many seconds."""
        await self._wait(seconds)
        return bool(self.died)

    async def stop(self, clock: Clock) -> Stopped:
        """Ends it and its children, kindly first, and shows by process ids and the port that they are gone."""
        began, died = clock(), self.process.returncode is not None
        family = _family(self.pid)
        if not died:
            send_signal(self.process, signal.SIGTERM)
            await self._wait(TERMINATED_S)
        send_signal(self.process, getattr(signal, "SIGKILL", signal.SIGTERM))
        await self._wait(_LAST_WAIT_S)
        left = await asyncio.to_thread(_gone, family)
        refused = not await asyncio.to_thread(listens, self.port)
        code = self.process.returncode
        how: Literal["crashed", "killed", "terminated"] = (
            "crashed" if died else "killed" if signal_name(code) == "SIGKILL" else "terminated"
        )
        return Stopped(
            t=clock(),
            pid=self.pid,
            how=how,
            seconds=clock() - began,
            exit_code=code,
            signal=signal_name(code),
            gone=not left and refused and code is not None,
            evidence=(_ids(family, left), _port(self.port, refused)),
        )

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), seconds)


async def start(command: Sequence[str], port: int, environment: Mapping[str, str], log: str, cwd: str) -> StartedServer:
    """Starts a command, an absolute path first, that ends with this process. `environment`: all. OutsideFailed."""
    lifeline = (sys.executable, "-P", "-m", "weighbridge.services.endpoint.transformers.lifeline", str(os.getpid()))
    try:
        with open(log, "ab") as file:
            process = await asyncio.create_subprocess_exec(
                *lifeline,
                *command,
                stdin=PIPE,
                stdout=file,
                stderr=file,
                env={**environment, **own_path()},
                cwd=cwd,
                start_new_session=True,
            )
    except OSError as error:
        raise OutsideFailed(
            f"The server cannot be started: {error.strerror or error}.",
            "Look at the free disk space and memory of this machine, then start again.",
        ) from error
    return StartedServer(process, port)


def free_port() -> int:
    """A port of loopback on which nothing listens at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether a connection to the loopback port is taken."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except (psutil.Error, OSError):
        return []


def _gone(family: list[psutil.Process]) -> list[psutil.Process]:
    """Kills those that left the group, and gives those that live on all the same."""
    _, alive = psutil.wait_procs(family, timeout=1.0)
    for process in alive:
        with contextlib.suppress(psutil.Error, OSError):
            process.kill()
    return psutil.wait_procs(alive, timeout=2.0)[1] if alive else []


def _ids(family: list[psutil.Process], left: list[psutil.Process]) -> str:
    if left:
        return f"Still running: process {', '.join(str(process.pid) for process in left)}."
    told = ", ".join(str(process.pid) for process in family)
    return f"The operating system no longer knows process {told}." if told else "The process had ended by itself."


def _port(port: int, refused: bool) -> str:
    return (
        f"Port {port} of {HOST} refuses connections." if refused else f"Port {port} of {HOST} still takes connections."
    )
