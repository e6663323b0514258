"""What watching costs: processor time of one sample, and of the sampler at 5 Hz, of one core. Goal: at most 0.7 %.

A live child of the engine answers a prompt meanwhile, the bundled model in safe mode with one thread. The first rows
are means over many samples in a row, the last is the sampler's own count in a real run, its closer looks (USS, PSS,
frequency) with it. ROUNDS: how often the real run is repeated, 3 by default.

    python bench/sampler.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from decode import PROMPT, launch

from weighbridge.domain.proof.events import Sample, Spawned
from weighbridge.services.engine.llama_runtime import LlamaRuntime
from weighbridge.services.sampling.sampler import Sampler

GOAL_PERCENT = 0.7
TOKENS = 256
INTERVAL_S = 0.2
ONE, CLOSER = "one sample", "one closer look"
IN_A_ROW = 100


def mean_us(call: Callable[[], object], times: int) -> float:
    """Processor time of this thread for one call, microseconds."""
    began = time.thread_time()
    for _ in range(times):
        call()
    return (time.thread_time() - began) / times * 1e6


async def watched(folder: Path) -> tuple[list[Sample], dict[str, float]]:
    """One answer of a live child: its samples, and what the sampler costs beside it, by row."""
    runtime = LlamaRuntime(launch(folder, TOKENS), time.monotonic, sample_interval_s=INTERVAL_S)
    samples: list[Sample] = []
    pid = 0
    try:
        async for event in runtime.start():
            pid = event.pid if isinstance(event, Spawned) else pid
        sampler = Sampler(pid, time.monotonic)
        calls: dict[str, Callable[[], object]] = {ONE: sampler.sample, CLOSER: sampler.look_closer}
        costs = {name: mean_us(call, IN_A_ROW) for name, call in calls.items()}
        async for event in runtime.generate(PROMPT):
            if isinstance(event, Sample):
                samples.append(event)
        return samples, costs
    finally:
        await runtime.stop()


def percent(samples: list[Sample]) -> float:
    """What sampling took between the first and the last sample, of one core."""
    first, last = samples[0], samples[-1]
    assert first.cost_s is not None and last.cost_s is not None
    return 100 * (last.cost_s - first.cost_s) / (last.t - first.t)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    taken: list[float] = []
    costs: dict[str, list[float]] = {ONE: [], CLOSER: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            samples, row = asyncio.run(watched(Path(folder)))
            for name, cost in row.items():
                costs[name].append(cost)
            taken.append(percent(samples))
            print(f"{taken[-1]:.2f} % of one core over {samples[-1].t - samples[0].t:.1f} s", flush=True)
    print(f"rounds                    {rounds}")
    for name, values in costs.items():
        print(f"{name:25} {median(values):.0f} us ({min(values):.0f}-{max(values):.0f}), in a row")
    name = f"at {1 / INTERVAL_S:g} Hz"
    print(f"{name:25} {median(taken):.2f} % of one core ({min(taken):.2f}-{max(taken):.2f})")
    print(f"goal                      at most {GOAL_PERCENT} %")
    return 0 if median(taken) <= GOAL_PERCENT else 1


if __name__ == "__main__":
    raise SystemExit(main())
