"""Layers on a GPU: a build that can't take them says so, and what goes there is not forecast for main memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_rig import Rig, the

from weighbridge.domain.base import digest
from weighbridge.domain.model.forecast import forecast
from weighbridge.domain.model.gpu_build import build_commands
from weighbridge.domain.model.offload import GpuBuild, GpuDevice
from weighbridge.domain.proof.events import Failed
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.services.engine.child_log import read_buffers, read_offload
from weighbridge.services.engine.offload import gpu_build
from weighbridge.services.model_file import inspect_file

MIB = 1 << 20
PARTLY = """\
load_tensors: offloading output layer to GPU
load_tensors: offloading 19 repeating layers to GPU
load_tensors: offloaded 20/31 layers to GPU
load_tensors:   CPU_Mapped model buffer size =    40.00 MiB
load_tensors:        CUDA0 model buffer size =    60.00 MiB
llama_context:  CUDA_Host  output buffer size =     0.19 MiB
llama_kv_cache:        CPU KV buffer size =    15.00 MiB
llama_kv_cache:      CUDA0 KV buffer size =    30.00 MiB
llama_kv_cache: size =   45.00 MiB (  2048 cells,  30 layers,  1/1 seqs), K (f16):   22.50 MiB, V (f16):   22.50 MiB
sched_reserve:      CUDA0 compute buffer size =    90.00 MiB
sched_reserve:  CUDA_Host compute buffer size =     5.00 MiB
"""


def test_the_log_tells_what_is_where() -> None:
    found = read_buffers(PARTLY)
    assert (found.model, found.kv, found.compute) == (40 * MIB, 15 * MIB, 5 * MIB)
    assert read_offload(PARTLY) == {"layers": 20, "of": 31, "buffers": {"CUDA0": 180 * MIB}}
    assert read_offload("load_tensors:   CPU_Mapped model buffer size =    92.10 MiB\n") is None


async def test_this_build_says_whether_it_can() -> None:
    build = await gpu_build(time_limit_s=120.0)
    assert build.supported is not None and build.problem == ""
    if not build.supported:
        assert "n_gpu_layers to 0" in build.says and build.commands[0][1] in build.says


async def test_a_build_that_cannot_be_asked_leaves_it_unknown() -> None:
    build = await gpu_build(child="weighbridge.no_such_module")
    assert build.supported is None and "not known" in build.says and not build.usable


async def test_layers_are_refused_by_a_build_without(rig: Rig) -> None:
    if (await gpu_build(time_limit_s=120.0)).supported:
        pytest.skip("this build can")
    runtime = rig.runtime(rig.launch(n_gpu_layers=-1))
    failed = the(Failed, [event async for event in runtime.start()])
    assert failed.kind == "refused" and "cannot put layers on a GPU" in failed.message
    assert "CMAKE_ARGS" in failed.message


@pytest.mark.parametrize("system", ["Linux", "Darwin", "Windows"])
def test_each_system_gets_its_own_command(system: str) -> None:
    for _, command in build_commands(system, "arm64"):
        assert command.startswith("$env:CMAKE_ARGS" if system == "Windows" else "CMAKE_ARGS")
        assert ("METAL" in command) == (system == "Darwin")


def test_memory_of_several_devices_is_known_only_where_all_tell() -> None:
    told, silent = GpuDevice(name="CUDA0", free_bytes=5), GpuDevice(name="CUDA1")
    assert GpuBuild(supported=True, devices=(told, told)).free_bytes == 10
    assert GpuBuild(supported=True, devices=(told, silent)).free_bytes is None


def test_layers_leave_main_memory_and_no_byte_is_lost(bundled_path: Path) -> None:
    header = inspect_file(bundled_path)[1]

    def made(layers: int, n_ctx: int = 2048) -> tuple[int, int, int, int]:
        found = forecast(header, RuntimeSettings(n_gpu_layers=layers, n_ctx=n_ctx), None)
        share = found.gpu
        there = (share.weights_bytes, share.kv_bytes) if share else (0, 0)
        return found.weights_bytes, found.kv_bytes, *there

    none, one, ten, all_ = made(0), made(1), made(10), made(-1)
    assert none[2:] == (0, 0)
    for weights, kv, _, kv_there in (one, ten, all_):
        assert kv + kv_there == none[1] and weights < none[0]
    assert one[1] == none[1], "the first layer that goes is the output layer, which has no KV cache"
    assert ten[3] * 30 == none[1] * 9 and all_[1] == 0
    embedding = next(tensor.bytes for tensor in header.tensors if tensor.name == "token_embd.weight")
    assert all_[0] == embedding, "the input embedding stays"
    assert all_[2] == none[0], "and is there a second time, as output matrix"
    assert made(31) == made(500) == all_


def test_a_run_without_them_has_the_digest_it_always_had() -> None:
    plain = RuntimeSettings()
    assert "n_gpu_layers" not in json.loads(plain.model_dump_json())
    assert digest(plain) != digest(RuntimeSettings(n_gpu_layers=1))
    assert RuntimeSettings.model_validate(plain.model_dump()) == plain
