"""10,000 cases: saving, verifying and comparing their packet. Goals: each under 10 s, linear in the cases, page < 2 MB.

Linear: ten times the cases take at most 13 times as long, beyond what the same packet takes with ten cases. Each
figure is the least of the rounds: what else the machine does only ever adds. The eval is made of short answers by the
real writer from the recorded run; every case is its own question, one in ten fails, and nothing runs a model.

    python bench/many_cases.py [ROUNDS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from packets import many_cases, save

from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.session.packets.comparing import compare_packets

FEW, SOME, MANY = 10, 1_000, 10_000
LIMIT_S, STEEPER, PAGE_BYTES = 10.0, 1.3, 2_000_000


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def verified(packet: Path) -> None:
    report = verify_packet(packet)
    wrong = [f"{check.name}: {check.detail}" for check in report.checks if not check.ok]
    if wrong:
        raise SystemExit(f"the packet does not verify: {wrong[:3]}")


def once(folder: Path, count: int) -> dict[str, float]:
    """Seconds of each work on one packet of so many cases, beside another one with other marks."""
    old, new = many_cases(count), many_cases(count, fail_every=9)
    before = save(folder / f"old-{count}", old)
    after = folder / f"new-{count}"
    found = {"save": seconds(lambda: save(after, new)), "verify": seconds(lambda: verified(after))}
    found["compare"] = seconds(lambda: compare_packets(before, after))
    return found


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    best: dict[int, dict[str, float]] = {}
    page = 0
    for number in range(rounds):
        sizes = (FEW, SOME, MANY) if number % 2 else (MANY, SOME, FEW)
        with tempfile.TemporaryDirectory() as name:
            for count in sizes:
                found = once(Path(name), count)
                best[count] = {work: min(took, best.get(count, found)[work]) for work, took in found.items()}
            html = Path(name) / f"new-{MANY}" / "data/report.html"
            page = html.stat().st_size if html.exists() else 0
    missed = False
    for work in best[MANY]:
        few, some, many = (best[count][work] for count in (FEW, SOME, MANY))
        slope = (many - few) / max(some - few, 1e-9) / ((MANY - FEW) / (SOME - FEW))
        over = many > LIMIT_S or slope > STEEPER
        missed |= over
        mark = "MISSED" if over else "met"
        times = f"{few:.2f} s, {some:.2f} s, {many:.2f} s for {FEW}, {SOME:,}, {MANY:,} cases"
        print(f"{work}: {times}; slope {slope:.2f}: {mark}")
    print(
        f"data/report.html: {page:,} bytes, goal below {PAGE_BYTES:,}"
        if page
        else "data/report.html: not in the packet"
    )
    return int(missed or page > PAGE_BYTES)


if __name__ == "__main__":
    raise SystemExit(main())
