"""Google's `colab` command (google-colab-cli): a runtime is made, a notebook runs in it, and it is given back.

Its exit codes say little: `exec` ends with 0 where a cell failed, and goes on to later cells. So the deadline is ours,
what ran is judged by the notebook's outputs, and the stop by what the service lists before and after it.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.text import clean_line

COMMAND = "colab"
SHORT_S, STOP_S, GRACE_S = 120.0, 60.0, 15.0
"""Seconds for a question to the service, for one stop, and for a command to end once it was told to."""
QUIET_S, MOST_LINE = 0.5, 1 << 20
"""Seconds without a word after which it is looked whether the command has ended; bytes of one line that are kept."""
_SECRETS = re.compile(r"TOKEN|API_KEY|SECRET|PASSWORD", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ENDPOINT = re.compile(r"\[(?P<name>[^\]]*)\] (?P<endpoint>\S+) \|")
Tell = Callable[[str], None]


def command() -> str | None:
    """The `colab` command of this machine; None where none is on PATH."""
    return shutil.which(COMMAND)


@dataclass(frozen=True)
class Said:
    """How a command ended. `code`: None where it was ended by us, because its time was over."""

    code: int | None
    text: str


class ColabRuntime:
    """One runtime by the name that we gave it. Every method may be cancelled; `stop` has to be called in any case."""

    def __init__(self, path: str, name: str) -> None:
        self._path, self.name = path, name
        self.endpoint = ""
        """As the service lists it; empty until it did."""
        self.unnamed: frozenset[str] = frozenset()
        """Runtimes that came up meanwhile, and that nobody here has named: one of them may be ours."""
        self._others: frozenset[str] = frozenset()

    async def start(self, gpu: str = "") -> None:
        """Makes the runtime; `gpu` is one of the known names, or empty for none. OutsideFailed where there is none.

        What the command says of itself is not believed: the service has to list the runtime.
        """
        self._others = frozenset(_endpoints(await self._listed()))
        said = await self._run(SHORT_S, "new", "-s", self.name, *(("--gpu", gpu) if gpu else ()))
        self.endpoint = _endpoint(await self._run(SHORT_S, "status", "-s", self.name), self.name)
        if said.code != 0 or not self.endpoint or self.endpoint not in (await self._listed()).text:
            raise OutsideFailed(
                f"Colab gave no runtime: {_last(said)}",
                f"`{COMMAND} new` by hand says more, and logs in where that is needed. Or run the notebook by hand.",
            )

    async def execute(self, notebook: Path, limit_s: float, tell: Tell) -> Path:
        """Runs every cell and returns the notebook as it ran. OutsideFailed where the time was over, or none came.

        Whether the cells did well is for the reader of that notebook to find out.
        """
        ran = notebook.with_name(f"{notebook.stem}_output.ipynb")
        limit = ("--timeout", str(max(1, int(limit_s))))
        said = await self._run(limit_s, "exec", "-s", self.name, "-f", str(notebook), *limit, tell=tell)
        if said.code is None:
            raise OutsideFailed(
                f"The notebook was ended after {limit_s / 60:.0f} minutes: the time was over.",
                "Raise --time-limit, or lower the cases and max_tokens.",
            )
        if not ran.is_file():
            raise OutsideFailed(f"Colab left no notebook as it ran: {_last(said)}", "Run it again.")
        return ran

    async def download(self, there: str, here: Path) -> bool:
        """Fetches a file of the runtime; whether it came."""
        said = await self._run(SHORT_S, "download", "-s", self.name, there, str(here))
        return said.code == 0 and here.is_file()

    async def log(self, here: Path) -> bool:
        """Keeps the command's own log of what was executed, as lines of JSON; whether it came."""
        await self._run(SHORT_S, "log", "-s", self.name, "-o", str(here))
        return here.is_file()

    async def usage(self) -> str:
        """What the account uses, in the service's words; empty where it does not tell."""
        said = await self._run(SHORT_S, "usage")
        return clean_line(said.text, 300) if said.code == 0 else ""

    async def url(self) -> str:
        """Address of the runtime for a browser; empty where there is none."""
        said = await self._run(SHORT_S, "url", "-s", self.name)
        return next((line.strip() for line in said.text.splitlines() if line.strip().startswith("https://")), "")

    async def stop(self) -> str:
        """Gives the runtime back: tries thrice. Returns what shows it; empty where that it stopped is not proven.

        Empty too where there never was one: then `endpoint` is empty, and `unnamed` holds what it could be.
        """
        for _ in range(3):
            before = await self._listed()
            self.endpoint = self.endpoint or _endpoint(before, self.name)
            await self._run(STOP_S, "stop", "-s", self.name)
            status = await self._run(SHORT_S, "status", "-s", self.name)
            after = await self._listed()
            if self._proven(before, status, after):
                return f"`colab stop`; `colab sessions` listed {self.endpoint} before, and lists it no more"
            self.unnamed = frozenset(_endpoints(after)) - self._others - {self.endpoint}
            if not self.endpoint:
                return ""
        return ""

    def _proven(self, before: Said, status: Said, after: Said) -> bool:
        """A list without the runtime shows nothing by itself: the command gives an empty one where a login failed."""
        listed = bool(self.endpoint) and before.code == 0 and self.endpoint in before.text
        gone = after.code == 0 and self.endpoint not in after.text and not _endpoint(status, self.name)
        return listed and gone

    async def _listed(self) -> Said:
        return await self._run(SHORT_S, "sessions")

    async def _run(self, limit_s: float, *args: str, tell: Tell | None = None) -> Said:
        """Runs the command with this deadline, and nothing to type into it. OutsideFailed where it cannot start."""
        try:
            process = await asyncio.create_subprocess_exec(
                self._path,
                *args,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                env=_environment(),
                start_new_session=sys.platform != "win32",
            )
        except OSError as error:
            raise OutsideFailed(f"{COMMAND} cannot be started: {clean_line(error.strerror or '')}.") from None
        lines: list[str] = []
        try:
            async with asyncio.timeout(limit_s):
                await _read(process, lines, tell)
                code = await _exit_code(process)
        except TimeoutError:
            return Said(None, "\n".join(lines))
        finally:
            await _end(process)
        return Said(code, "\n".join(lines))


async def _exit_code(process: Process) -> int:
    """Of a command that said its last word; its output may still be held open by what it has started."""
    return await process.wait() if process.returncode is None else process.returncode


async def _read(process: Process, lines: list[str], tell: Tell | None) -> None:
    """Keeps the last lines that the command says, and of a line without an end its beginning.

    Returns with the command's end, too, where something that it has started still holds its output open.
    """
    assert process.stdout is not None
    rest, ended = b"", 0
    while ended < 2:
        try:
            async with asyncio.timeout(QUIET_S):
                piece = await process.stdout.read(1 << 16)
        except TimeoutError:
            ended += process.returncode is not None
            continue
        *whole, rest = (rest + piece).split(b"\n")
        if not piece or len(rest) > MOST_LINE:
            whole, rest = [*whole, rest[:MOST_LINE]], b""
        for line in whole:
            _say(line, lines, tell)
        if not piece:
            return
    _say(rest, lines, tell)


def _say(line: bytes, lines: list[str], tell: Tell | None) -> None:
    said = clean_line(_COLOUR.sub("", line.decode("utf-8", "replace")), 2_000)
    if said:
        lines.append(said)
        del lines[:-200]
        if tell is not None:
            tell(said)


async def _end(process: Process) -> None:
    """Interrupts the command and all that it started, then kills them; closes its output, whoever still holds it."""
    try:
        await _interrupted(process)
    finally:
        transport: asyncio.SubprocessTransport = process._transport  # type: ignore[attr-defined]  # asyncio has no other
        transport.close()


async def _interrupted(process: Process) -> None:
    for number in (signal.SIGINT, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                process.terminate()
            else:
                os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await process.wait()


def _environment() -> dict[str, str]:
    """Ours, without any token or key: the command has a login of its own."""
    return {name: value for name, value in os.environ.items() if not _SECRETS.search(name)}


def _endpoints(said: Said) -> dict[str, str]:
    """The runtimes that a command lists, with their names here (`?`: none)."""
    found = (match for line in said.text.splitlines() if (match := _ENDPOINT.search(line)))
    return {match["endpoint"]: match["name"] for match in found} if said.code == 0 else {}


def _endpoint(said: Said, name: str) -> str:
    return next((endpoint for endpoint, named in _endpoints(said).items() if named == name), "")


def _last(said: Said) -> str:
    """The last line of the command, as the reason."""
    lines = [line for line in said.text.splitlines() if line.strip()]
    return clean_line(lines[-1], 200) if lines else "it said nothing."
