"""A `colab` command that can misbehave, in the words of google-colab-cli 0.7.5. State and log are in $FAKE_COLAB.

Its log holds one line a call. What it does wrong is in the file `faults`, one word a line:
hang_new, hang_exec, refuse_new, no_output, failed_cell, deaf_stop, forgets (lists nothing, as after a lost login),
orphan (a runtime comes up that nobody has named), hang_stop, mute (does nothing, says nothing, ends with 0),
endless (a line without an end), daemon (leaves a process behind that holds the output open).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(os.environ["FAKE_COLAB"])
FAULTS = (HERE / "faults").read_text().split() if (HERE / "faults").exists() else []
RUNNING = HERE / "running"


def hang() -> None:
    (HERE / "hanging").write_text(str(os.getpid()))
    while True:
        time.sleep(60)


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else ""


def line() -> str:
    name, gpu = RUNNING.read_text().split()
    return f"[{name}] m-s-abc123 | Hardware: {gpu} | Shape: Standard | Variant: GPU"


def new() -> int:
    (HERE / "asked").touch()
    if "refuse_new" in FAULTS:
        print("[colab] Allocation refused (precondition failed).", file=sys.stderr)
        return 1
    RUNNING.write_text(f"{option('-s')} {option('--gpu') or 'CPU'}")
    if "hang_new" in FAULTS:
        hang()
    if "daemon" in FAULTS:
        left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (HERE / "daemon").write_text(str(left.pid))
    print("[colab] Session READY.")
    return 0


def execute() -> int:
    source = Path(option("-f"))
    print("[colab] Executing cell 1/8 - Parameters...", flush=True)
    if "hang_exec" in FAULTS:
        hang()
    if "endless" in FAULTS:
        sys.stdout.write("x" * 20_000_000)
    notebook = json.loads((HERE / "ran.ipynb").read_text())
    if "failed_cell" in FAULTS:
        error = {"output_type": "error", "ename": "RuntimeError", "evalue": "no space", "traceback": []}
        next(cell for cell in notebook["cells"] if cell["id"] == "run")["outputs"] = [error]
    if "no_output" not in FAULTS:
        source.with_name(f"{source.stem}_output.ipynb").write_text(json.dumps(notebook))
    return 0


def listed() -> int:
    if "orphan" in FAULTS and (HERE / "asked").exists():
        print("[?] m-s-orphan | Hardware: T4 | Shape: Standard | Variant: GPU")
    there = RUNNING.exists() and "forgets" not in FAULTS
    print(line() if there else "[colab] No active sessions found on server.")
    return 0


def status() -> int:
    print(line() + " | Status: IDLE" if RUNNING.exists() else f"[colab] Session '{option('-s')}' not found.")
    return 0


def stop() -> int:
    if "hang_stop" in FAULTS:
        hang()
    if "deaf_stop" not in FAULTS:
        RUNNING.unlink(missing_ok=True)
    print("[colab] Session terminated.")
    return 0


def main() -> int:
    with (HERE / "calls").open("a") as log:
        log.write(" ".join(sys.argv[1:]) + f" | secrets: {os.environ.get('HF_TOKEN', 'none')}\n")
    if "mute" in FAULTS:
        return 0
    match sys.argv[1]:
        case "new":
            return new()
        case "exec":
            return execute()
        case "sessions":
            return listed()
        case "status":
            return status()
        case "stop":
            return stop()
        case "url":
            print("https://colab.research.google.com/notebooks/empty.ipynb?dbu=%2Ftun%2Fm%2Fabc123#datalab=1")
        case "download":
            shutil.copy(HERE / "packet.zip", sys.argv[-1])
        case "log":
            Path(option("-o")).write_text("{}\n")
        case "usage":
            print("Available: 12.34 compute units")
    return 0


sys.exit(main())
