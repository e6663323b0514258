"""The memory forecast against the engine: `python bench/forecast.py [CONTEXT...]`.

Parts: what the dry load says against the engine's own report of a real load, at contexts of 512, 2,048 and 8,192
tokens, KV cache in f16 and q8_0. Total: against the peak of the real process once its context is full, at each CONTEXT
(default 512 and 2,048; 8,192 takes about a quarter of an hour on one slow core). Time: from the header in memory to
the verdict. All in safe mode, with one thread.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from weighbridge.domain.model.forecast import Forecast, engine_forecast, fits_with, forecast
from weighbridge.domain.model.formula import allocation
from weighbridge.domain.model.hparams import hyper_parameters
from weighbridge.domain.proof.events import Completed, Failed, Loaded, Spawned
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import KvType, Request, RuntimeSettings
from weighbridge.services import bundled
from weighbridge.services.engine.dry_load import DryModel, dry_load
from weighbridge.services.engine.llama_runtime import LlamaRuntime
from weighbridge.services.machine import machine_facts
from weighbridge.services.model_file import inspect_file
from weighbridge.services.sampling.sampler import Sampler

CONTEXTS = (512, 2_048, 8_192)
KV_TYPES: tuple[KvType, ...] = ("f16", "q8_0")
PARTS_GOAL, TOTAL_GOAL, SECONDS_GOAL = 0.01, 0.10, 3.0
MODEL = bundled.find().path


def settings(n_ctx: int, kv_type: KvType) -> RuntimeSettings:
    return RuntimeSettings(n_ctx=n_ctx, kv_type=kv_type, max_tokens=8)


async def forecast_of(wanted: RuntimeSettings) -> tuple[Forecast, float]:
    """The engine's forecast, and the seconds from the header in memory to it."""
    header = inspect_file(MODEL)[1]
    shape = hyper_parameters(header)
    with MODEL.open("rb") as file:
        raw = file.read(header.data_offset)
    began = time.perf_counter()
    available = machine_facts(MODEL.parent).available_bytes
    model = DryModel(
        header=raw,
        file_size=header.file_size,
        settings=wanted,
        mode="safe",
        n_ctx_train=shape.n_ctx_train,
        estimate=lambda n_ctx: allocation(header, shape, wanted, n_ctx),
        fits=lambda need, repacks: fits_with(need, 0, available),
    )
    made = engine_forecast(header, wanted, await dry_load(model), available)
    assert made is not None
    return made, time.perf_counter() - began


def by_formula(wanted: RuntimeSettings) -> Forecast:
    return forecast(inspect_file(MODEL)[1], wanted, None, may_repack=False)


async def real_run(wanted: RuntimeSettings, fill: bool) -> tuple[Loaded, int]:
    """The engine's report of a real load, and the peak of its process; `fill`: after a prompt as long as fits."""
    with tempfile.TemporaryDirectory() as folder:
        launch = Launch(
            model_path=str(MODEL), model_sha256="", settings=wanted, mode="safe", log_path=str(Path(folder) / "log")
        )
        runtime = LlamaRuntime(launch, time.monotonic)
        try:
            started = [event async for event in runtime.start()]
            pid = next(event.pid for event in started if isinstance(event, Spawned))
            loaded = started[-1]
            assert isinstance(loaded, Loaded), loaded
            if fill:
                prompt = Request(id="fill", prompt="word " * (wanted.n_ctx - 64))
                answered = [event async for event in runtime.generate(prompt)]
                done = next(event for event in answered if isinstance(event, Completed | Failed))
                assert isinstance(done, Completed) and (done.prompt_tokens or 0) > wanted.n_ctx - 64, done
            sample = Sampler(pid, time.monotonic).sample()
            assert sample is not None and sample.peak_rss_bytes is not None
            return loaded, sample.peak_rss_bytes
        finally:
            await runtime.stop()


def ratio(predicted: int, measured: int | None) -> float:
    assert measured
    return predicted / measured


async def compare_parts() -> bool:
    met = True
    for kv_type in KV_TYPES:
        for n_ctx in CONTEXTS:
            wanted = settings(n_ctx, kv_type)
            made, seconds = await forecast_of(wanted)
            loaded, _ = await real_run(wanted, fill=False)
            ratios = {
                "weights": ratio(made.weights_bytes, loaded.model_buffer_bytes),
                "KV": ratio(made.kv_bytes, loaded.kv_buffer_bytes),
                "compute": ratio(made.compute_bytes, loaded.compute_buffer_bytes),
            }
            formula = ratio(by_formula(wanted).compute_bytes, loaded.compute_buffer_bytes)
            shown = ", ".join(f"{name} {value:.4f}" for name, value in ratios.items())
            print(f"{n_ctx:6,} {kv_type:5} {shown} (formula's compute {formula:.3f}); verdict after {seconds:.2f} s")
            met &= all(abs(value - 1) <= PARTS_GOAL for value in ratios.values()) and seconds <= SECONDS_GOAL
    return met


async def compare_totals(contexts: tuple[int, ...]) -> bool:
    met = True
    for kv_type in KV_TYPES:
        for n_ctx in contexts:
            wanted = settings(n_ctx, kv_type)
            made, _ = await forecast_of(wanted)
            _, peak = await real_run(wanted, fill=True)
            engine, formula = ratio(made.total_bytes, peak), ratio(by_formula(wanted).total_bytes, peak)
            print(
                f"{n_ctx:6,} {kv_type:5} forecast {made.total_bytes / 2**20:.1f} MiB, peak {peak / 2**20:.1f} MiB: "
                f"{engine:.3f} (formula {formula:.3f})",
                flush=True,
            )
            met &= abs(engine - 1) <= TOTAL_GOAL
    return met


def main(contexts: tuple[int, ...]) -> int:
    """Prints every ratio forecast / measured; 1 where a goal was missed."""
    met = asyncio.run(compare_parts())
    met &= asyncio.run(compare_totals(contexts))
    print("goals met" if met else "a goal was missed")
    return int(not met)


if __name__ == "__main__":
    raise SystemExit(main(tuple(map(int, sys.argv[1:])) or (512, 2_048)))
