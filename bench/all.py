"""Runs the benches one after the other, and says which goal was missed. `make bench`.

Left out are `llama_bench.py`, which first builds llama-bench, and `server.py`, which needs packages of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHES = (
    "startup.py",
    "first_paint.py",
    "ui_memory.py",
    "stop.py",
    "panel.py",
    "panel_cost.py",
    "sampler.py",
    "threads.py",
    "long.py",
    "forecast.py",
    "download.py",
    "download_ui.py",
    "card.py",
    "card_view.py",
)


def main() -> int:
    missed = []
    for name in BENCHES:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, str(Path(__file__).parent / name)], check=False).returncode:
            missed.append(name)
    print("every goal was met" if not missed else f"goal missed: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
