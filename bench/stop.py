"""From the wish to stop until the engine's process is gone: `python bench/stop.py [rounds]`.

Stops the real engine while it decodes, while it works on a long prompt (one native call), and while it starts and
loads, each at a random moment. The time ends when the operating system no longer knows the process id.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

import psutil

from weighbridge.domain.proof.events import Event
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.services import bundled
from weighbridge.services.engine.llama_runtime import LlamaRuntime

LIMIT_S = 0.3
PROMPTS = {"decode": "Tell a long story about a ferry.", "prefill": "word " * 1800}
SETTINGS = RuntimeSettings(n_ctx=2048, n_batch=2048, max_tokens=200)
AFTER_S = {"decode": (0.0, 1.0), "prefill": (0.0, 2.0), "load": (0.0, 0.6)}


async def _read(runtime: LlamaRuntime, moment: str, reached: asyncio.Future[int]) -> None:
    """Reads all events; tells the process id when the moment to stop in has come."""
    pid = 0
    sign = {"load": "spawned", "decode": "token", "prefill": "request"}[moment]

    def look(event: Event) -> None:
        nonlocal pid
        pid = event.pid if event.event == "spawned" else pid
        if event.event == sign and not reached.done():
            reached.set_result(pid)

    async for event in runtime.start():
        look(event)
    if moment != "load":
        async for event in runtime.generate(Request(id="r", prompt=PROMPTS[moment])):
            look(event)


async def one_stop(moment: str, folder: Path, wait_s: float) -> tuple[float, str]:
    """Seconds until the process is gone, and what it took. `moment`: decode, prefill or load."""
    launch = Launch(
        model_path=str(bundled.find().path),
        model_sha256="",
        settings=SETTINGS,
        mode="safe",
        log_path=str(folder / "engine.log"),
    )
    runtime = LlamaRuntime(launch, time.monotonic)
    reached: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    reading = asyncio.create_task(_read(runtime, moment, reached))
    pid = await reached
    await asyncio.sleep(wait_s)
    began = time.perf_counter()
    stopped = await runtime.stop()
    seconds = time.perf_counter() - began
    assert stopped is not None and not psutil.pid_exists(pid)
    await reading
    return seconds, stopped.how


async def main(rounds: int) -> int:
    """Prints one line a moment; 1 where a stop took longer than the limit."""
    chance = random.Random(7)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for moment, (least, most) in AFTER_S.items():
            found = [await one_stop(moment, Path(folder), chance.uniform(least, most)) for _ in range(rounds)]
            times = [seconds for seconds, _ in found]
            hows = ", ".join(f"{how} {n}" for how, n in Counter(how for _, how in found).items())
            print(f"{moment:8} median {median(times):.3f} s, max {max(times):.3f} s of {rounds} ({hows})", flush=True)
            worst = max(worst, *times)
    return int(worst > LIMIT_S)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)))
