"""`weighbridge --help` beside `python -c pass`, in turns. Goal: at most 0.15 s more.

python bench/startup.py [ROUNDS]
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

GOAL_S = 0.15
PYTHON = [sys.executable, "-c", "pass"]
HELP = [sys.executable, "-m", "weighbridge", "--help"]


def seconds(argv: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    seconds(PYTHON), seconds(HELP)
    pairs = [(seconds(PYTHON), seconds(HELP)) for _ in range(rounds)]
    more = median(help_s - python_s for python_s, help_s in pairs)
    print(f"rounds                    {rounds}")
    print(f"python -c pass            {median(p for p, _ in pairs):.3f} s (median)")
    print(f"weighbridge --help        {median(h for _, h in pairs):.3f} s (median)")
    print(f"difference                {more:.3f} s (median of the pairs); goal: at most {GOAL_S} s")
    return 0 if more <= GOAL_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
