"""Threads by measurement: `python bench/threads.py [idle|busy|fixed|all] [rounds]`.

idle   the engine's child with measured threads against llama-cpp-python as its README shows (bench/readme_way.py), on a
       machine that does nothing else. Goal on two cores: decode at least 1.5 times as fast.
busy   the same with one core kept busy by another process. Goal: at least 1.0 times.
fixed  with one core kept busy: measured threads against every fixed count. Goal: at least 0.9 of the best one.

Each side runs in a process of its own, fresh in every round, and who goes first changes from round to round. The rate
is tokens after the first, counted by the engine, over the time from the first to the last. The best fixed count is the
one with the highest median over all rounds. On a processor with AMX both sides leave the weights in the file's own
layout, because the default build faults there.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bare import launch_of, rate

from weighbridge.domain.proof.events import Swept
from weighbridge.domain.proof.settings import Request
from weighbridge.services.conditions import read_conditions
from weighbridge.services.engine.llama_runtime import LlamaRuntime
from weighbridge.services.machine import usable_threads

PROMPT = "Tell a long story about a ferry on a wide river."
TOKENS = 64
SECONDS = 20.0
"""Longest answer that is waited for: a side that collapses is slow enough to be told."""
README = Path(__file__).parent / "readme_way.py"
GOALS = {"idle": 1.5, "busy": 1.0, "fixed": 0.9}
Side = Callable[[], tuple[float, str]]
"""Measures once: tokens per second, and what is worth a note."""


@contextmanager
def busy_core() -> Iterator[None]:
    """Another process that never rests."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield
        finally:
            process.kill()


def ours(threads: int | None = None) -> tuple[float, str]:
    """The child under LlamaRuntime; None: its threads are measured at the start."""
    return asyncio.run(_ours(threads))


async def _ours(threads: int | None) -> tuple[float, str]:
    with tempfile.TemporaryDirectory() as folder:
        before = await read_conditions("before", time.monotonic)
        launch = launch_of(Path(folder), n_threads=threads, max_tokens=TOKENS)
        known = {"usable_cores": usable_threads(), "others_percent": before.others_percent}
        runtime = LlamaRuntime(launch.model_copy(update=known), time.monotonic)
        try:
            swept = [event async for event in runtime.start() if isinstance(event, Swept)][-1]
            async for _ in runtime.generate(Request(id="w", prompt=PROMPT, max_tokens=4, warmup=True)):
                pass
            times = [e.t async for e in runtime.generate(Request(id="r", prompt=PROMPT)) if e.event == "token"]
        finally:
            await runtime.stop()
    return rate(times), f"{swept.n_threads} threads, sweep {swept.seconds:.1f} s"


def readme() -> tuple[float, str]:
    """llama-cpp-python with its defaults."""
    model = launch_of(Path()).model_path
    command = [sys.executable, str(README), model, PROMPT, str(TOKENS), str(SECONDS)]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return said["tokens"] / said["seconds"], f"{said['threads']} threads"


def fixed(threads: int) -> Side:
    return lambda: ours(threads)


def measure(sides: dict[str, Side], rounds: int) -> dict[str, list[float]]:
    """Rates of every side, in turns; prints each round."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        notes = {}
        for name in sides if number % 2 == 0 else reversed(sides):
            value, note = sides[name]()
            rates[name].append(value)
            notes[name] = f"{name} {value:6.1f} ({note})"
        print("  " + ", ".join(notes[name] for name in sides), flush=True)
    return rates


def part(name: str, rounds: int) -> bool:
    """Runs one part; whether its goal was met."""
    print(f"{name}: decode, tokens/s", flush=True)
    counts = range(1, usable_threads() + 1)
    others = {f"fixed {n}": fixed(n) for n in counts} if name == "fixed" else {"readme": readme}
    if name == "idle":
        rates = measure({"ours": ours, **others}, rounds)
    else:
        with busy_core():
            rates = measure({"ours": ours, **others}, rounds)
    best = max(others, key=lambda side: median(rates[side]))
    ratios = [mine / other for mine, other in zip(rates["ours"], rates[best], strict=True)]
    for side, found in rates.items():
        print(f"  {side}: median {median(found):.1f} ({min(found):.1f} to {max(found):.1f})")
    told = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"  ours / {best}: median of ratios {told}, goal {GOALS[name]}", flush=True)
    return median(ratios) >= GOALS[name]


def main(which: str = "all", rounds: str = "10") -> int:
    if which not in ("all", *GOALS):
        sys.exit(f"{which} is no part: {', '.join(GOALS)} or all.")
    met = [part(name, int(rounds)) for name in GOALS if which in ("all", name)]
    return int(not all(met))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
