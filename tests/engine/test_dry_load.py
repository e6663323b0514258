"""The dry load: the header alone, and the engine says what a run would allocate."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_rig import Rig, is_gone, the, until

from weighbridge.domain.model.allocation import Allocation, Allocations, longest
from weighbridge.domain.model.formula import allocation
from weighbridge.domain.model.hparams import hyper_parameters
from weighbridge.domain.proof.events import Loaded
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.services.engine import dry_load as dry
from weighbridge.services.engine.dry_load import DryModel, DryRefused, NoDryLoad
from weighbridge.services.engine.spawn import spawn as spawn_child
from weighbridge.services.model_file import inspect_file

Started = Callable[[int], None]


async def dry_load(model: DryModel, time_limit_s: float = 120.0) -> Allocations:
    """A busy machine may need longer than a person would like to wait."""
    return await dry.dry_load(model, time_limit_s)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the sparse files go to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[Started | int]:
    """Process ids of the children; a function that is put in is called with the id of each."""
    seen: list[Started | int] = []

    async def spawn(log_path: str, module: str | None = None) -> Process:
        process = await spawn_child(log_path, module)
        for function in [item for item in seen if not isinstance(item, int)]:
            function(process.pid)
        seen.append(process.pid)
        return process

    monkeypatch.setattr(dry, "spawn", spawn)
    return seen


def dry_model(path: Path, settings: RuntimeSettings, fits: Callable[[Allocation], bool] = lambda _: True) -> DryModel:
    header = inspect_file(path)[1]
    shape = hyper_parameters(header)
    with path.open("rb") as file:
        raw = file.read(header.data_offset)
    return DryModel(
        header=raw,
        file_size=header.file_size,
        settings=settings,
        mode="safe",
        n_ctx_train=shape.n_ctx_train,
        estimate=lambda n_ctx: allocation(header, shape, settings, n_ctx),
        fits=lambda need, repacks: fits(need),
    )


@pytest.fixture
def small(bundled_path: Path) -> DryModel:
    return dry_model(bundled_path, RuntimeSettings(n_ctx=512))


@pytest.mark.parametrize(
    "settings",
    [
        {"n_batch": 128},
        {"kv_type": "q8_0"},
        {"flash_attn": "on"},
        {"n_ubatch": 64},
        {"flash_attn": "on", "n_ubatch": 64},
    ],
    ids=str,
)
async def test_it_says_what_a_real_load_allocates(
    rig: Rig, bundled_path: Path, temporary: Path, settings: dict[str, Any]
) -> None:
    launch = rig.launch(n_ctx=768, **settings)
    runtime = rig.runtime(launch)
    loaded = the(Loaded, [event async for event in runtime.start()])
    answers = await dry_load(dry_model(bundled_path, launch.settings))
    need = answers.at(768)
    assert need is not None and not answers.repacks
    assert need.weights_bytes == loaded.weights_bytes
    assert need.kv_bytes == pytest.approx(loaded.kv_buffer_bytes, rel=0.01)
    assert need.compute_bytes == pytest.approx(loaded.compute_buffer_bytes, rel=0.01)
    assert (loaded.flash_attn == "enabled", loaded.n_ubatch) == (launch.settings.flash, launch.settings.ubatch)
    assert need.output_bytes == pytest.approx(loaded.output_buffer_bytes, abs=0.006 * 2**20)
    assert 20 << 20 < need.process_bytes < 80 << 20 and 0 < need.tables_bytes < 40 << 20
    assert not list(temporary.iterdir())


async def test_only_the_header_is_written(small: DryModel, temporary: Path, watched: list[Started | int]) -> None:
    taken: list[tuple[int, int]] = []

    def look(_pid: int) -> None:
        status = next(temporary.glob("*/model.gguf")).stat()
        taken.append((status.st_size, status.st_blocks * 512))

    watched.append(look)
    await dry_load(small)
    size, blocks = taken[0]
    assert size == small.file_size > 90_000_000 and blocks < len(small.header) + 65_536 < 2_000_000


async def test_the_longest_context_is_asked_of_the_engine(bundled_path: Path) -> None:
    settings = RuntimeSettings(n_ctx=512, n_batch=64)

    def fits(need: Allocation) -> bool:
        return need.n_ctx <= 3_000

    model = dry_model(bundled_path, settings, fits)
    guess = model.estimate
    answers = await dry_load(replace(model, estimate=lambda n_ctx: replace(guess(n_ctx), kv_bytes=1)))
    asked = [need.n_ctx for need in answers.known]
    assert {512, 2_816, 3_072, 8_192} <= set(asked) and len(asked) <= 8
    assert longest(8_192, lambda n: (most := answers.bound(n)) is not None and fits(most)) == 2_816
    kv = [need.kv_bytes for need in answers.known]
    assert kv == pytest.approx([30 * 2 * 3 * 64 * 2 * n_ctx for n_ctx in asked], abs=6_000), "to 0.01 MiB, as logged"


def _renamed(model: DryModel) -> DryModel:
    return replace(model, header=model.header.replace(b"llama", b"lalma"))


def _abort(model: DryModel) -> DryModel:
    key = b"llama.block_count" + (4).to_bytes(4, "little")
    at = model.header.index(key) + len(key)
    raw = model.header
    return replace(model, header=raw[:at] + (513).to_bytes(4, "little") + raw[at + 4 :])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_renamed, "unknown model architecture: 'lalma'"),
        (_abort, "SIGABRT"),
        (lambda model: replace(model, file_size=len(model.header)), "corrupted or incomplete"),
        (lambda model: replace(model, header=model.header[:5_000]), "cannot load the file"),
        (lambda model: replace(model, file_size=1 << 62), "cannot hold"),
    ],
    ids=["unknown architecture", "abort", "no room for tensors", "half a header", "too large for any disk"],
)
async def test_a_header_that_the_engine_refuses(
    small: DryModel, temporary: Path, change: Callable[[DryModel], DryModel], words: str
) -> None:
    with pytest.raises(NoDryLoad) as caught:
        await dry_load(change(small))
    assert isinstance(caught.value, DryRefused) == (words not in ("SIGABRT", "cannot hold"))
    assert words in str(caught.value) and str(temporary) not in str(caught.value)
    assert "\n" not in str(caught.value) and not list(temporary.iterdir())


async def test_a_child_that_is_killed(small: DryModel, temporary: Path, watched: list[Started | int]) -> None:
    watched.append(lambda pid: os.kill(pid, signal.SIGKILL))
    with pytest.raises(NoDryLoad, match="SIGKILL"):
        await dry_load(small)
    assert not list(temporary.iterdir())


async def test_a_child_that_does_not_answer(small: DryModel, temporary: Path, watched: list[Started | int]) -> None:
    watched.append(lambda pid: os.kill(pid, signal.SIGSTOP))
    with pytest.raises(NoDryLoad, match=r"did not answer within 0\.3 s"):
        await dry_load(small, time_limit_s=0.3)
    assert isinstance(watched[-1], int) and is_gone(watched[-1]) and not list(temporary.iterdir())


async def test_who_waits_no_longer_leaves_nothing_behind(
    small: DryModel, temporary: Path, watched: list[Started | int]
) -> None:
    watched.append(lambda pid: os.kill(pid, signal.SIGSTOP))
    task = asyncio.create_task(dry_load(small))
    await until(lambda: isinstance(watched[-1], int))
    assert list(temporary.iterdir())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(watched[-1], int) and is_gone(watched[-1]) and not list(temporary.iterdir())


async def test_a_process_that_is_no_dry_load(small: DryModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry, "CHILD", "this")
    with pytest.raises(NoDryLoad, match="wrote a line that is no answer"):
        await dry_load(small)


def test_a_disk_that_would_write_the_zeros(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.gguf"
    monkeypatch.setattr(dry, "taken_bytes", lambda written: written.stat().st_size)
    with pytest.raises(NoDryLoad, match="no sparse files"):
        dry.write_sparse(path, b"GGUF", 1 << 40)
    assert path.stat().st_size < 1 << 30, "found out before the whole size was asked for"


def test_a_system_that_does_not_tell_needs_room_for_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry, "taken_bytes", lambda written: None)
    dry.write_sparse(tmp_path / "small.gguf", b"GGUF", 5_000)
    with pytest.raises(NoDryLoad, match="no room"):
        dry.write_sparse(tmp_path / "large.gguf", b"GGUF", 1 << 43)
