"""The engine's child without anything around it: a blocking loop that reads its lines and does nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from weighbridge.domain.proof.events import Mode
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.services import bundled
from weighbridge.services.conditions import read_conditions
from weighbridge.services.engine.spawn import CHILD, child_environment

FILLER = "the river is wide and the ferry is slow and the old man at the wheel looks at the other bank"
"""Words of one token each."""
Line = dict[str, Any]


def mode_here() -> Mode:
    """Safe mode where the default build of the engine faults: on a processor with AMX."""
    try:
        return "safe" if "amx_int8" in Path("/proc/cpuinfo").read_text(encoding="ascii") else "default"
    except OSError:
        return "default"


def launch_of(folder: Path, **settings: Any) -> Launch:
    """The bundled model with these settings, one thread unless they say otherwise."""
    return Launch(
        model_path=str(bundled.find().path),
        model_sha256="",
        settings=RuntimeSettings(**{"n_threads": 1, **settings}),
        mode=mode_here(),
        log_path=str(folder / "engine.log"),
    )


class Bare:
    """A child that runs. `loaded`: its lines up to the first that waits for a request."""

    def __init__(self, process: subprocess.Popen[bytes], loaded: list[Line]) -> None:
        self._process = process
        self.loaded = loaded

    def ask(self, request: Request) -> list[Line]:
        """The events of one answer. RuntimeError where the engine gives none."""
        assert self._process.stdin is not None
        order = {"do": "generate", "request": request.model_dump()}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return self.until("completed")

    def until(self, last: str) -> list[Line]:
        assert self._process.stdout is not None
        found = []
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == "failed":
                raise RuntimeError(event["message"])
            if event["event"] != "heartbeat":
                found.append(event)
            if event["event"] == last:
                return found
        raise RuntimeError("The engine's process ended.")


def others_now() -> float | None:
    """Processor time that others take at this moment, percent of one core, as a job reads it before it starts."""
    return asyncio.run(read_conditions("before", time.monotonic)).others_percent


@contextmanager
def child(what: Launch) -> Iterator[Bare]:
    """A loaded child; ended behind the block."""
    with (
        open(what.log_path, "ab") as log,
        subprocess.Popen(
            [sys.executable, "-P", "-m", CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=child_environment(others_now()),
        ) as process,
    ):
        assert process.stdin is not None
        try:
            order = {"launch": what.model_dump(), "zero": time.perf_counter(), "parent": os.getpid()}
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            bare = Bare(process, [])
            bare.loaded = bare.until("swept")
            yield bare
        finally:
            process.kill()


def rate(times: list[float]) -> float:
    """Tokens per second between the first and the last token."""
    return (len(times) - 1) / (times[-1] - times[0])


def token_times(events: list[Line]) -> list[float]:
    return [event["t"] for event in events if event["event"] == "token"]


def prompt_of(bare: Bare, tokens: int) -> str:
    """A prompt that comes to exactly so many tokens, the chat template's included. RuntimeError where none does."""
    words = 1
    for _ in range(8):
        body = " ".join(islice(cycle(FILLER.split()), words))
        text = f"Tell a long story about a ferry. It begins so: {body}"
        got = next(e for e in bare.ask(Request(id="size", prompt=text, max_tokens=1)) if e["event"] == "request")
        if got["prompt_tokens"] == tokens:
            return text
        words += tokens - got["prompt_tokens"]
    raise RuntimeError(f"No prompt of exactly {tokens} tokens was found.")
