"""Decode rate of the engine's child: alone, and watched by the supervisor (`python bench/decode.py [rounds]`).

Alone means: a blocking loop that reads the child's lines and does nothing else. Both sides run the same model with
the same settings, in turns. The rate is tokens after the first, divided by the time from the first to the last.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bare import child, launch_of, token_times
from bare import rate as rate

from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request
from weighbridge.services.engine.llama_runtime import LlamaRuntime

PROMPT = Request(id="r", prompt="Tell a long story about a ferry on a wide river.")


def launch(folder: Path, tokens: int = 128, threads: int = 1) -> Launch:
    """The bundled model, in safe mode where this processor needs it."""
    return launch_of(folder, n_threads=threads, max_tokens=tokens)


def rate_alone(what: Launch) -> float:
    """Of the bare child process."""
    with child(what) as bare:
        return rate(token_times(bare.ask(PROMPT)))


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
