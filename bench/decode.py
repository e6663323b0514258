"""Decode rate of the engine's child: alone, and watched by the supervisor (`python bench/decode.py [rounds]`).

Alone means: a blocking loop that reads the child's lines and does nothing else. Both sides run the same model with
the same settings, in turns. The rate is tokens after the first, divided by the time from the first to the last.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.services import bundled
from weighbridge.services.engine.llama_runtime import LlamaRuntime
from weighbridge.services.engine.spawn import CHILD, child_environment

PROMPT = Request(id="r", prompt="Tell a long story about a ferry on a wide river.")


def launch(folder: Path, tokens: int = 128, threads: int = 1) -> Launch:
    """The bundled model in safe mode."""
    return Launch(
        model_path=str(bundled.find().path),
        model_sha256="",
        settings=RuntimeSettings(n_threads=threads, max_tokens=tokens),
        mode="safe",
        log_path=str(folder / "engine.log"),
    )


def rate(times: list[float]) -> float:
    """Tokens per second between the first and the last token."""
    return (len(times) - 1) / (times[-1] - times[0])


def rate_alone(what: Launch) -> float:
    """Of the bare child process."""
    with (
        open(what.log_path, "ab") as log,
        subprocess.Popen(
            [sys.executable, "-P", "-m", CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=child_environment(),
        ) as child,
    ):
        assert child.stdin is not None and child.stdout is not None
        order = {"launch": what.model_dump(), "zero": time.perf_counter(), "parent": os.getpid()}
        ask = {"do": "generate", "request": PROMPT.model_dump()}
        child.stdin.write(json.dumps(order).encode() + b"\n" + json.dumps(ask).encode() + b"\n")
        child.stdin.flush()
        times = []
        for line in child.stdout:
            event = json.loads(line)
            if event["event"] == "token":
                times.append(event["t"])
            elif event["event"] == "completed":
                child.stdin.close()
    return rate(times)


async def rate_watched(what: Launch) -> float:
    """Of the child under LlamaRuntime: events validated, memory sampled five times a second."""
    runtime = LlamaRuntime(what, time.monotonic)
    try:
        async for _ in runtime.start():
            pass
        return rate([event.t async for event in runtime.generate(PROMPT) if event.event == "token"])
    finally:
        await runtime.stop()


def main(rounds: int) -> None:
    """Prints each pair, then the medians and their ratio."""
    alone, watched = [], []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            alone.append(rate_alone(launch(Path(folder))))
            watched.append(asyncio.run(rate_watched(launch(Path(folder)))))
            print(f"alone {alone[-1]:6.1f} tokens/s, watched {watched[-1]:6.1f} tokens/s", flush=True)
    ratios = [b / a for a, b in zip(alone, watched, strict=True)]
    print(f"median alone {median(alone):.1f}, watched {median(watched):.1f}, ratio {median(ratios):.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
