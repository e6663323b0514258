"""A native call that takes long is broken off from outside, and the next one is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.services.engine.spawn import child_environment

PROGRAM = """
import json, os, sys, time
out = os.dup(1)
os.dup2(2, 1)
import llama_cpp.llama_cpp as C
from weighbridge.services.engine import child_llama
from weighbridge.services.engine.child_brake import Brake
from weighbridge.services.engine.child_log import EngineLog
from weighbridge.services.engine.child_wire import State, Wire

state, wire, log = State(), Wire(2, time.perf_counter()), EngineLog(hidden=())
keep = child_llama.catch_log(log)
C.llama_backend_init()
engine = child_llama.load(sys.argv[1], "safe", json.loads(sys.argv[2]), state, log)
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
ABORTED = 2
"""What llama_decode returns where the abort callback said so (llama.h)."""


def test_a_limit_and_a_wish_to_stop_end_a_call(bundled_path: Path) -> None:
    settings = RuntimeSettings(n_ctx=512, n_threads=1).model_dump_json()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(bundled_path), settings],
        env=child_environment(),
        capture_output=True,
        check=False,
    )
    assert json.loads(done.stdout or b"null") == [ABORTED, 0, ABORTED, 0], done.stderr[-2000:]
