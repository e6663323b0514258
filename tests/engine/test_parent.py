"""A child never outlives its parent, however the parent ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine_rig import Rig, is_gone, until

from weighbridge.services.engine.child_wire import EXIT_ORPHAN, EXIT_STOPPED
from weighbridge.services.engine.spawn import CHILD, child_environment

PARENT = """
import asyncio, sys, time
from weighbridge.domain.proof.runtime import Launch
from weighbridge.services.engine.llama_runtime import LlamaRuntime

async def main() -> None:
    runtime = LlamaRuntime(Launch.model_validate_json(sys.argv[1]), time.monotonic)
    async for event in runtime.start():
        if event.event == "spawned":
            print(event.pid, flush=True)
    print("loaded", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def _parent(rig: Rig) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, rig.launch().model_dump_json()],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )


async def _killed_at(rig: Rig, line: int) -> None:
    with _parent(rig) as parent:
        assert parent.stdout is not None
        lines = [parent.stdout.readline().strip() for _ in range(line)]
        pid = int(lines[0])
        parent.send_signal(signal.SIGKILL)
        await until(lambda: is_gone(pid))


async def test_a_parent_killed_while_the_child_starts(rig: Rig) -> None:
    await _killed_at(rig, 1)


async def test_a_parent_killed_when_the_model_is_loaded(rig: Rig) -> None:
    await _killed_at(rig, 2)


def _child(rig: Rig, parent: int, n_ctx: int = 512) -> subprocess.Popen[bytes]:
    """The bare child, so that its end of standard input is in the test's hand."""
    order = {
        "launch": rig.launch(n_ctx=n_ctx, n_batch=n_ctx).model_dump(),
        "zero": time.perf_counter(),
        "parent": parent,
    }
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
    )
    assert child.stdin is not None
    child.stdin.write(json.dumps(order).encode() + b"\n")
    child.stdin.flush()
    return child


async def test_the_end_of_standard_input_is_the_end(rig: Rig) -> None:
    with _child(rig, os.getpid()) as child:
        assert child.stdin is not None and child.stdout is not None
        while b'"loaded"' not in child.stdout.readline():
            pass
        child.stdin.close()
        assert child.wait(60) == EXIT_ORPHAN


async def test_the_bare_child_stops_inside_native_code(rig: Rig) -> None:
    """Nobody sends it a signal: the reading thread ends the process while the prompt is computed."""
    with _child(rig, os.getpid(), n_ctx=8192) as child:
        assert child.stdin is not None and child.stdout is not None
        ask = {"do": "generate", "request": rig.request("word " * 7000).model_dump()}
        child.stdin.write(json.dumps(ask).encode() + b"\n")
        child.stdin.flush()
        for _ in range(2):
            while b'"phase":"prefill"' not in child.stdout.readline():
                pass
        child.stdin.write(b'{"do":"stop"}\n')
        child.stdin.flush()
        assert child.wait(60) == EXIT_STOPPED


async def test_nothing_is_loaded_for_a_parent_that_is_gone(rig: Rig) -> None:
    with _child(rig, parent=1) as child:
        assert child.stdout is not None
        if sys.platform == "linux":
            assert child.wait(60) == EXIT_ORPHAN
            assert child.stdout.read() == b""
        child.kill()


async def test_no_launch_line_at_all() -> None:
    done = subprocess.run([sys.executable, "-P", "-m", CHILD], input=b"", env=child_environment(), check=False)
    assert done.returncode == EXIT_ORPHAN
