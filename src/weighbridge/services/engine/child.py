"""The engine's process: `python -m weighbridge.services.engine.child`.

llama.cpp can abort or crash the process it lives in, writes to descriptors 1 and 2, and blocks for long;
so it gets a process of its own. Standard input: one JSON line with the launch, then commands, one a line
(`{"do": "generate", "request": {...}}`, `{"do": "stop"}`); its end means that the parent is gone. Standard
output: events, one JSON line each. Standard error: the engine's log.

Nothing here imports pydantic: the parent validates every line, and the child's memory is being weighed.
"""

from __future__ import annotations

import json
import os
import platform
import queue
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from weighbridge.domain.text import clean_line
from weighbridge.services.engine.child_guard import die_with_parent, limit_resources, resident_bytes
from weighbridge.services.engine.child_log import EngineLog
from weighbridge.services.engine.child_wire import (
    EXIT_ORPHAN,
    EXIT_REFUSED,
    EXIT_STOPPED,
    EXIT_UNLOADED,
    State,
    Wire,
    beat,
)

BUSY_GRACE_S = 0.12
"""How long a working thread has to come to its next token and free the model, once it is asked to stop."""
IDLE_GRACE_S = 2.0
"""How long it has from there on where it waits, or came to wait: it frees the model, and large ones take their time."""
CLEARING_S_PER_BYTE = 0.1 / 2**30
"""About what the kernel takes to clear away a dead process; there is no time left to wait with a large one."""

Commands = queue.SimpleQueue[dict[str, Any] | None]


def read_commands(state: State, commands: Commands, wire: Wire) -> None:
    """Runs in a thread. A wish to stop is granted even while native code does not return."""
    for line in sys.stdin.buffer:
        command = json.loads(line)
        if command["do"] == "generate":
            commands.put(command["request"])
            continue
        state.stopping = True
        commands.put(None)
        wire.flush()
        time.sleep(_busy_grace())
        if state.phase == "idle":
            time.sleep(IDLE_GRACE_S)
        os._exit(EXIT_STOPPED)
    os._exit(EXIT_ORPHAN)


def _busy_grace() -> float:
    return max(0.0, BUSY_GRACE_S - CLEARING_S_PER_BYTE * (resident_bytes() or 0))


def work(launch: dict[str, Any], wire: Wire, state: State, commands: Commands, log: EngineLog) -> None:
    """Loads the model, settles the threads, answers requests until told to stop, frees everything."""
    import llama_cpp
    from llama_cpp import llama_cpp as native

    from weighbridge.services.engine import child_generate, child_llama, child_sweep

    keep = child_llama.catch_log(log)
    native.llama_backend_init()
    wire.send(
        "ready",
        wire.now(),
        engine=f"llama-cpp-python {llama_cpp.__version__}",
        system_info=clean_line(native.llama_print_system_info().decode("utf-8", "replace"), 1000),
        python=platform.python_version(),
        baseline_rss_bytes=resident_bytes(),
    )
    state.phase = "load"
    began = wire.now()
    engine = child_llama.load(launch["model_path"], launch["mode"], launch["settings"], state, log)
    ready = wire.now()
    described = child_llama.describe(engine, log)
    openmp = {"omp_wait_policy": os.environ.get("OMP_WAIT_POLICY"), "omp_spin_count": os.environ.get("GOMP_SPINCOUNT")}
    wire.send("loaded", ready, load_s=ready - began, **openmp, **described)
    swept = child_sweep.settle(engine, launch, wire, state)
    generator = child_generate.Generator(engine, launch["settings"], wire, state, swept)
    while True:
        state.phase = "idle"
        request = commands.get()
        if request is None:
            break
        generator.answer(request)
    engine.close()
    del keep


def run(order: dict[str, Any], wire: Wire) -> int:
    """The whole life after the launch line; returns the exit code."""
    launch = order["launch"]
    state = State(deadline=wire.now() + launch["time_limit_s"])
    commands: Commands = queue.SimpleQueue()
    folder = os.path.dirname(launch["model_path"])
    log = EngineLog(hidden=((folder.rstrip(os.sep) + os.sep, ""), (str(Path.home()), "~")))
    for task, arguments in ((read_commands, (state, commands, wire)), (beat, (wire, state))):
        threading.Thread(target=task, args=arguments, daemon=True).start()
    try:
        work(launch, wire, state, commands, log)
    except BaseException as error:
        if state.stopping:
            return EXIT_UNLOADED
        known = type(error).__name__ == "Refused"
        if not known:
            log.write(traceback.format_exc())
        message = str(error) if known else f"The engine's process failed: {error!r}."
        wire.send(
            "failed",
            wire.now(),
            kind="refused",
            phase=state.phase,
            message=clean_line(message, 400),
            exit_code=EXIT_REFUSED,
            last_log=clean_line(log.last_line()),
        )
        return EXIT_REFUSED
    return EXIT_UNLOADED


def main() -> None:
    """Moves standard output out of the engine's reach, reads the launch line, never returns."""
    events = os.dup(1)
    os.dup2(2, 1)
    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(EXIT_ORPHAN)
    order = json.loads(line)
    if not die_with_parent(order["parent"]):
        os._exit(EXIT_ORPHAN)
    limit_resources(order["launch"]["address_space_bytes"])
    os._exit(run(order, Wire(events, order["zero"])))


if __name__ == "__main__":
    main()
