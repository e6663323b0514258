"""A native call that takes long is broken off from outside, and the next one is not; so a sweep ends in time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.services.engine.spawn import child_environment

START = """
import json, os, sys, time
out = os.dup(1)
os.dup2(2, 1)
import llama_cpp.llama_cpp as C
from weighbridge.services.engine import child_llama, child_sweep
from weighbridge.services.engine.child_brake import Brake
from weighbridge.services.engine.child_log import EngineLog
from weighbridge.services.engine.child_wire import State, Wire

state, wire, log = State(), Wire(2, time.perf_counter()), EngineLog(hidden=())
keep = child_llama.catch_log(log)
C.llama_backend_init()
engine = child_llama.load(sys.argv[1], "safe", json.loads(sys.argv[2]), state, log)
"""
CALLS = """
tokens = (C.llama_token * 256)(*range(100, 356))

def prompt(length):
    C.llama_memory_clear(C.llama_get_memory(engine.context), True)
    return C.llama_decode(engine.context, C.llama_batch_get_one(tokens, length))

codes = []
with Brake(engine, wire, state) as brake:
    with brake.until(wire.now()):
        codes.append(prompt(256))
    with brake.until(wire.now() + 1000):
        codes.append(prompt(8))
    state.stopping = True
    with brake.until(wire.now() + 1000):
        codes.append(prompt(256))
codes.append(prompt(8))
os.write(out, json.dumps(codes).encode())
os._exit(0)
"""
SWEEP = """
state.deadline = wire.now()
launch = {"usable_cores": 2, "others_percent": None, "threads": None}
launch["settings"] = {**json.loads(sys.argv[2]), "n_threads": None}
swept = child_sweep.settle(engine, launch, wire, state)
os.write(out, json.dumps(swept).encode())
os._exit(0)
"""
ABORTED = 2
"""What llama_decode returns where the abort callback said so (llama.h)."""


def told(program: str, model: Path) -> Any:
    """What a process says that does this with the model."""
    settings = RuntimeSettings(n_ctx=512, n_threads=1).model_dump_json()
    command = [sys.executable, "-c", START + program, str(model), settings]
    done = subprocess.run(command, env=child_environment(), capture_output=True, check=False)
    assert done.returncode == 0 and done.stdout, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_a_limit_and_a_wish_to_stop_end_a_call(bundled_path: Path) -> None:
    assert told(CALLS, bundled_path) == [ABORTED, 0, ABORTED, 0]


def test_without_time_a_sweep_is_a_guess(bundled_path: Path) -> None:
    """What a model does that computes no token within the sweep's time: native calls are broken off."""
    swept = told(SWEEP, bundled_path)
    assert (swept["how"], swept["n_threads"], swept["n_threads_batch"]) == ("fallback", 2, 2)
    assert not swept["trials"] and "by a guess" in swept["reason"]
