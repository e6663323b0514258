"""The dry load, seen from the parent: the header in a sparse file, a child that answers, nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from weighbridge.domain.model.allocation import Allocation, Allocations, search_longest
from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Mode
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.text import clean_line
from weighbridge.services.engine.death import explain
from weighbridge.services.engine.ending import kill
from weighbridge.services.engine.spawn import spawn

CHILD = "weighbridge.services.engine.child_dry"
TIME_LIMIT_S = 10.0
ADDRESS_SPACE_BYTES = 4 << 30
"""What a hostile header can make the child take at most; the largest vocabularies need a twentieth of it."""
_PROBE_BYTES = 16 << 20
_LOGGED = ("kv_bytes", "compute_bytes", "output_bytes")
_LOG_STEP_BYTES = 2**20 / 100


class NoDryLoad(Exception):
    """The engine could not be asked, or gave no figures; the text is a sentence for a person."""


class DryRefused(NoDryLoad):
    """The engine was asked, and does not take this file with these settings."""


@dataclass(frozen=True, slots=True)
class DryModel:
    """What is to be weighed. `header`: the file's bytes up to its first tensor; `file_size`: of the whole file.

    `estimate`: the formula's figures for a context, for the parts that the engine does not tell.
    `fits`: the verdict's rule, given an allocation and whether weights are copied.
    """

    header: bytes
    file_size: int
    settings: RuntimeSettings
    mode: Mode
    n_ctx_train: int
    estimate: Callable[[int], Allocation]
    fits: Callable[[Allocation, bool], bool]


class DryLoad(Protocol):
    """Asks an engine. Raises NoDryLoad; DryRefused where it refuses the file."""

    def __call__(self, model: DryModel, time_limit_s: float = ...) -> Awaitable[Allocations]: ...


async def dry_load(model: DryModel, time_limit_s: float = TIME_LIMIT_S) -> Allocations:
    """The engine's answers for the context of the settings, and for those that the search for the longest needs.

    A search that the time limit or the engine ends early leaves what is known. Raises NoDryLoad where not even the
    context of the settings was answered. Cancelled or not, the child and the file are gone at the end.
    """
    answers: Allocations | None = None
    try:
        async with asyncio.timeout(time_limit_s), child_of(model) as child:
            answers = await child.first(model)
            search = search_longest(model.n_ctx_train)
            n_ctx = next(search, None)
            while n_ctx is not None:
                known = answers.at(n_ctx) or await child.ask(model, n_ctx)
                answers = answers.joined(known)
                n_ctx = _next(search, model.fits(known, answers.repacks))
    except TimeoutError:
        if answers is None:
            raise NoDryLoad(f"the engine did not answer within {time_limit_s:g} s") from None
    except NoDryLoad:
        if answers is None:
            raise
    return answers


def _next(search: Generator[int, bool, int | None], fits: bool) -> int | None:
    try:
        return search.send(fits)
    except StopIteration:
        return None


@asynccontextmanager
async def child_of(model: DryModel) -> AsyncIterator[DryChild]:
    """A child with the model loaded; afterwards it is killed and its folder deleted."""
    try:
        with tempfile.TemporaryDirectory(prefix="weighbridge-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "model.gguf"
            write_sparse(path, model.header, model.file_size)
            process = await spawn(str(Path(folder) / "engine.log"), CHILD)
            try:
                yield DryChild(process, str(path))
            finally:
                kill(process)
                await process.communicate()
    except OutsideFailed as problem:
        raise NoDryLoad(str(problem)) from problem
    except OSError as error:
        raise NoDryLoad(f"the temporary folder cannot hold the header: {error.strerror or error}") from error


def write_sparse(path: Path, header: bytes, file_size: int) -> None:
    """A file of `file_size` bytes that begins with `header` and takes no more room than that.

    Raises NoDryLoad where this disk would write the zeros, OSError where it refuses.
    """
    with path.open("xb") as file:
        file.write(header)
        file.flush()
        for size in (min(file_size, len(header) + _PROBE_BYTES), file_size):
            file.truncate(size)
            taken = taken_bytes(path)
            if taken is None and size > shutil.disk_usage(path.parent).free:
                raise NoDryLoad("the temporary folder's disk has no room for a file of the model's size")
            if taken is not None and taken > len(header) + _PROBE_BYTES // 2:
                raise NoDryLoad("the temporary folder's disk has no sparse files")


def taken_bytes(path: Path) -> int | None:
    """Room that a file takes on its disk; None where the system does not tell."""
    blocks = getattr(path.stat(), "st_blocks", None)
    return None if blocks is None else blocks * 512


def _unrounded(logged: int, computed: int) -> int:
    """The engine logs MiB with two digits: where the formula comes to the same, its figure is the exact one."""
    return computed if abs(logged - computed) <= _LOG_STEP_BYTES / 2 + 1 else logged


class DryChild:
    """One child: the launch goes out with the first question."""

    def __init__(self, process: Process, path: str) -> None:
        self._process = process
        self._path = path
        self._model: dict[str, Any] = {}

    async def first(self, model: DryModel) -> Allocations:
        """Loads the model and asks for the context of its settings."""
        self._send(
            parent=os.getpid(),
            model_path=self._path,
            mode=model.mode,
            settings=model.settings.model_dump(),
            address_space_bytes=ADDRESS_SPACE_BYTES,
        )
        self._model = await self._read("loading the header")
        need = await self.ask(model, model.settings.n_ctx)
        return Allocations(repacks=bool(self._model["repacks"]), known=(need,))

    async def ask(self, model: DryModel, n_ctx: int) -> Allocation:
        self._send(n_ctx=n_ctx)
        said = await self._read(f"reserving a context of {n_ctx:,} tokens")
        estimate = model.estimate(n_ctx)
        parts = {name: _unrounded(said[name], getattr(estimate, name)) for name in _LOGGED}
        need = replace(estimate, weights_bytes=self._model["weights_bytes"], **parts)
        before, now = self._model["process_bytes"], said["resident_bytes"]
        if before is None or now is None:
            return need
        return replace(need, process_bytes=before, tables_bytes=max(0, now - before))

    def _send(self, **fields: Any) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(json.dumps(fields).encode("ascii") + b"\n")

    async def _read(self, phase: str) -> dict[str, Any]:
        """The next answer. Raises NoDryLoad for a refusal, a death and anything that is no answer."""
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
            said = json.loads(line) if line else None
        except ValueError:
            raise NoDryLoad("the engine's process wrote a line that is no answer") from None
        if said is None:
            raise NoDryLoad(explain(await self._process.wait(), phase, 0.0, "").message)
        if not isinstance(said, dict):
            raise NoDryLoad("the engine's process wrote a line that is no answer")
        if "refused" in said:
            raise DryRefused(clean_line(str(said["refused"]), 400))
        if "failed" in said:
            raise NoDryLoad(clean_line(str(said["failed"]), 400))
        return said
