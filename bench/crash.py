"""kill -9 at random moments of eval and save: nothing that was done is lost, nothing is there twice or half.

Forks of one process are killed at moments drawn evenly over the time that the work takes: an eval of 30 cases on a
scripted runtime, resumed after each kill until every case is graded; the save of a packet, to an empty place and over
an earlier packet; and a few evals with the real engine and the bundled model. Goals: no fault in all the kills. A
fault is a graded case that is lost, asked again or there twice; an eval that claims to run still; a packet that is
there and does not verify; what a killed save leaves once the next one is through; an engine that outlives its parent.

    python bench/crash.py [--kills N] [--real N] [--seed N]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"


def series(what: str, kills: int, seed: int) -> bool:
    """One series of kills, printed; whether it was without a fault."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "WEIGHBRIDGE_HOME": folder, "PYTHONPATH": str(TESTS)}
        command = [sys.executable, str(TESTS / "crashing.py"), folder, what, str(kills), str(seed)]
        began = time.perf_counter()
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True)
        took = time.perf_counter() - began
    if done.returncode:
        print(f"{what:<6} failed by itself, exit {done.returncode}")
        return False
    found = json.loads(done.stdout)
    evals = f", {found['resumed']} evals finished" if what != "save" else ""
    print(
        f"{what:<6} {found['killed']} killed, {found['came_through']} came through{evals}, "
        f"{len(found['faults'])} faults, {took:.0f} s"
    )
    for fault in found["faults"][:20]:
        print(f"       {fault}")
    return not found["faults"]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=200, help="of eval and save together (default: 200)")
    options.add_argument("--real", type=int, default=5, help="of the eval with the real engine (default: 5)")
    options.add_argument("--seed", type=int, default=int(time.time()), help="default: the clock")
    args = options.parse_args()
    print(f"seed {args.seed}")
    parts = [("eval", args.kills - args.kills // 2), ("save", args.kills // 2), ("real", args.real)]
    held = [series(what, kills, args.seed) for what, kills in parts if kills]
    print("goal met" if all(held) else "goal missed")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
