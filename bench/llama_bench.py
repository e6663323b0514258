"""Our child beside llama-bench built from the same source: decode and prefill, 1 thread and 2. Goal: 0.97 each.

    python bench/llama_bench.py [ROUNDS] [--llama-bench PATH] [--threads 1,2] [--own-environment]

Both run the bundled model, safe mode on both sides where the processor has AMX (`--repack 0`), KV cache in f16, no
flash attention, batches of 512. In turns, and who goes first changes every round.
Prefill: a prompt of 512 tokens from an empty cache, after one such prompt for warming up.
Decode: 127 tokens behind 64 others (`-n 127 -d 64`); ours the 127 gaps between 128 tokens behind a prompt of 64, so
that both compute the same positions. Ours picks each token, makes text of it and writes an event; llama-bench computes
random tokens and does none of that.
llama-bench gets the environment of this shell, as a person would start it; `--own-environment` gives it that of our
child (OpenMP threads that wait spin for a moment only).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from bare import child, launch_of, mode_here, prompt_of, rate, token_times
from llama_source import llama_bench

from weighbridge.domain.proof.settings import Request
from weighbridge.services import bundled
from weighbridge.services.engine.spawn import child_environment

GOAL = 0.97
PROMPT, DEPTH, TOKENS = 512, 64, 128
Pair = tuple[float, float]
"""Tokens per second: prefill, decode."""


def ours(folder: Path, threads: int) -> Pair:
    with child(launch_of(folder, n_threads=threads, n_ctx=1024, max_tokens=TOKENS)) as bare:
        long, short = prompt_of(bare, PROMPT), prompt_of(bare, DEPTH)
        done = bare.ask(Request(id="prefill", prompt=long, max_tokens=1))[-1]
        written = bare.ask(Request(id="decode", prompt=short))
    times = token_times(written)
    if len(times) != TOKENS:
        raise SystemExit(f"The model ended its answer after {len(times)} of {TOKENS} tokens.")
    return PROMPT / done["prefill_s"], rate(times)


def theirs(program: Path, threads: int, environment: dict[str, str]) -> Pair:
    def once(*what: str) -> float:
        command = [str(program), "-m", str(bundled.find().path), "-t", str(threads), *what, "-r", "1", "-o", "json"]
        command += ["-fa", "0", "-ctk", "f16", "-ctv", "f16", "-b", "512", "-ub", "512", "-ngl", "0"]
        command += ["--repack", "0" if mode_here() == "safe" else "1"]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        (row,) = json.loads(done.stdout)
        return float(row["avg_ts"])

    return once("-p", str(PROMPT), "-n", "0"), once("-p", "0", "-n", str(TOKENS - 1), "-d", str(DEPTH))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", type=int, nargs="?", default=10)
    parser.add_argument("--llama-bench", type=Path)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--own-environment", action="store_true")
    options = parser.parse_args()
    program = options.llama_bench or llama_bench()
    environment = child_environment() if options.own_environment else dict(os.environ)
    met = True
    with tempfile.TemporaryDirectory() as folder:
        for threads in map(int, options.threads.split(",")):
            rows: list[tuple[Pair, Pair]] = []
            for number in range(options.rounds):
                first = ours(Path(folder), threads) if number % 2 else None
                other = theirs(program, threads, environment)
                rows.append((first or ours(Path(folder), threads), other))
                shown = "{:.1f} against {:.1f}, decode {:.1f} against {:.1f}"
                figures = shown.format(*(f for pair in zip(*rows[-1], strict=True) for f in pair))
                print(f"{threads} threads: prefill {figures} tokens/s", flush=True)
            for name, at in (("prefill", 0), ("decode", 1)):
                met &= _told(f"{name}, {threads} threads", [(own[at], other[at]) for own, other in rows])
    return 0 if met else 1


def _told(name: str, pairs: list[Pair]) -> bool:
    """Prints pairs of ours and theirs, and says whether the goal is met."""
    ratios = sorted(own / other for own, other in pairs)
    own_rate, their_rate = (median(side) for side in zip(*pairs, strict=True))
    print(f"{name}: ours {own_rate:.1f}, llama-bench {their_rate:.1f} tokens/s (medians); ", end="")
    print(f"ratio {median(ratios):.3f} ({ratios[0]:.3f}-{ratios[-1]:.3f}); goal: at least {GOAL}", flush=True)
    return median(ratios) >= GOAL


if __name__ == "__main__":
    raise SystemExit(main())
