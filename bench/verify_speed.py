"""Verifying a packet of 1 GB beside `sha256sum -c` of its manifest. Goal: at least 0.8 of its speed.

Two engine logs of 500 MB each are as large as a packet gets: its writer keeps 1 MB of each, and `verify` reads what
another writer kept. Both sides read files that are in memory already, in turns; who goes first changes every round.
Our time has every check in it, and no start of an interpreter; theirs has the start of a small program.

    python bench/verify_speed.py [ROUNDS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from packets import recorded, save

from weighbridge.services.packet_io import bag, payload
from weighbridge.services.packet_io.verify import verify_packet

GOAL = 0.8
LOG_BYTES = 500_000_000
LINE = "llama_model_loader: a line of the engine's log, as long as such lines are, and nothing in it is read twice\n"


def big(folder: Path) -> Path:
    """A packet whose two logs are of that size. Our writer would cut them."""
    source = recorded()
    text = LINE * (LOG_BYTES // len(LINE))
    payload._log = lambda text, redactor: text
    return save(folder / "packet", replace(source, logs=dict.fromkeys(source.logs, text)))


def ours(packet: Path) -> None:
    report = verify_packet(packet)
    assert report.ok, [check.detail for check in report.checks if not check.ok][:3]


def theirs(packet: Path) -> None:
    command = ["sha256sum", "--check", "--quiet", bag.MANIFEST, bag.TAG_MANIFEST]
    subprocess.run(command, cwd=packet, check=True, stdout=subprocess.DEVNULL)


def seconds(work: Callable[[Path], None], packet: Path) -> float:
    began = time.perf_counter()
    work(packet)
    return time.perf_counter() - began


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    took: dict[Callable[[Path], None], list[float]] = {ours: [], theirs: []}
    with tempfile.TemporaryDirectory() as folder:
        packet = big(Path(folder))
        size = sum(path.stat().st_size for path in packet.rglob("*") if path.is_file())
        for work in (theirs, ours):
            work(packet)  # once unmeasured: the files are in memory from then on
        for number in range(rounds):
            for work in (ours, theirs) if number % 2 else (theirs, ours):
                took[work].append(seconds(work, packet))
    ratios = [other / own for own, other in zip(took[ours], took[theirs], strict=True)]
    for name, work in (("weighbridge verify", ours), ("sha256sum -c", theirs)):
        rates = [size / each / 1e6 for each in took[work]]
        print(f"{name}: {median(rates):,.0f} MB/s ({min(rates):,.0f} to {max(rates):,.0f})")
    ratio = median(ratios)
    print(f"ratio {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) on {size / 1e9:.2f} GB; goal {GOAL}")
    return int(ratio < GOAL)


if __name__ == "__main__":
    raise SystemExit(main())
