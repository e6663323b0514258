"""Processor time of the wizard while a proof decodes: supervisor, sampler and panel together. Goal: at most 3 % of
one core.

A run is made ready up to step 6; the wizard opens it in a pseudo-terminal of 80x24, ctrl+r starts the proof. The clock
runs from the first token of the answer to its end. What the same wizard takes while nothing runs is measured just
before and subtracted, and shown; so is the share of the sampler, by its own count. The engine is a process of its own
and is not counted. The median of the rounds decides.

    python bench/panel_cost.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psutil
from panel import events, ready
from terminal import Terminal

from weighbridge.domain.proof.events import Event, Sample, Token
from weighbridge.domain.proof.summary import jobs

GOAL_PERCENT = 3.0
TOKENS = 384
IDLE_S = 3.0
FIRST, LAST = b'"request":"first-run","index":0', b'"event":"completed","t"'


class Round(NamedTuple):
    """Percent of one core: of the wizard while it decodes and while it is idle, and the sampler's part of it."""

    decode: float
    idle: float
    sampler: float | None
    seconds: float

    @property
    def cost(self) -> float:
        return self.decode - self.idle


def used(process: psutil.Process) -> float:
    """Processor seconds of the process so far, user and system."""
    times = process.cpu_times()
    return float(times.user + times.system)


def sampler_percent(job: list[Event]) -> float | None:
    """What the sampler says that it took between the answer's first and last token; None where it does not say."""
    answer = [e.t for e in job if isinstance(e, Token) and e.request == "first-run"]
    samples = [e for e in job if isinstance(e, Sample) and answer[0] <= e.t <= answer[-1] and e.cost_s is not None]
    if len(samples) < 2:
        return None
    first, last = samples[0], samples[-1]
    return 100 * ((last.cost_s or 0.0) - (first.cost_s or 0.0)) / (last.t - first.t)


def one(home: Path, run_id: str) -> Round:
    path = home / "runs" / run_id / "events.jsonl"
    begin = path.stat().st_size if path.exists() else 0

    def said(words: bytes, times: int = 1) -> bool:
        return path.exists() and path.read_bytes()[begin:].count(words) >= times

    terminal = Terminal([sys.executable, "-m", "weighbridge", "--run", run_id], {"WEIGHBRIDGE_HOME": str(home)})
    try:
        terminal.until(lambda drawn: b"Palette" in drawn)
        process = psutil.Process(terminal.pid)
        settled = time.perf_counter() + 1.0
        terminal.until(lambda _: time.perf_counter() > settled)
        before, began = used(process), time.perf_counter()
        terminal.until(lambda _: time.perf_counter() > began + IDLE_S)
        idle = 100 * (used(process) - before) / (time.perf_counter() - began)
        terminal.press(b"\x12")
        terminal.until(lambda _: said(FIRST))
        before, began = used(process), time.perf_counter()
        terminal.until(lambda _: said(LAST, 2))
        spent, seconds = used(process) - before, time.perf_counter() - began
    finally:
        terminal.close()
    return Round(100 * spent / seconds, idle, sampler_percent(list(jobs(events(home, run_id))[-1])), seconds)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run_id = asyncio.run(ready(home, TOKENS))
        seen = []
        for _ in range(rounds):
            seen.append(one(home, run_id))
            r = seen[-1]
            sampler = "not said" if r.sampler is None else f"{r.sampler:.1f} %"
            print(
                f"{r.seconds:5.1f} s: {r.decode:5.1f} % decoding, {r.idle:4.1f} % idle, sampler {sampler}", flush=True
            )
    cost, known = median(r.cost for r in seen), [r.sampler for r in seen if r.sampler is not None]
    print(f"rounds                    {rounds}")
    print(f"idle wizard               {median(r.idle for r in seen):.1f} % of one core (median)")
    print(f"sampler, by its count     {f'{median(known):.1f} % of one core (median)' if known else 'not said'}")
    print(f"range                     {min(r.cost for r in seen):.1f} to {max(r.cost for r in seen):.1f} %")
    print(f"sampler and panel         {cost:.1f} % of one core (median); goal: at most {GOAL_PERCENT:.0f} %")
    return 0 if cost <= GOAL_PERCENT else 1


if __name__ == "__main__":
    raise SystemExit(main())
