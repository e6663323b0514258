"""Memory of the wizard's own process while a proof runs. Goal: at most 120 MB RSS.

A run is made ready up to step 6, the wizard opens it in a pseudo-terminal of 80x24, ctrl+r starts the proof. The
model's own memory is the child's and is not counted.

    python bench/ui_memory.py
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import psutil
from terminal import Terminal

from weighbridge.domain.intents import ChangeSetting, Confirm
from weighbridge.domain.steps import ORDER
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

GOAL_BYTES = 120_000_000


async def ready(home: Path) -> str:
    """A run whose first open step is the proof; its id."""
    session = Session.create(RunStore(home), real_deps(home))
    session.apply(ChangeSetting(field="n_threads", value="1"))
    await session.choose_model("bundled")
    for step in ORDER[:5]:
        session.apply(Confirm(step=step))
    await session.close()
    return session.run.id


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        run_id = asyncio.run(ready(Path(folder)))
        events = Path(folder) / "runs" / run_id / "events.jsonl"
        argv = [sys.executable, "-m", "weighbridge", "--run", run_id]
        terminal = Terminal(argv, {"WEIGHBRIDGE_HOME": folder})
        try:
            terminal.until(lambda drawn: b"Palette" in drawn)
            process, seen = psutil.Process(terminal.pid), []
            idle = process.memory_info().rss
            terminal.press(b"\x12")

            def over(_: bytes) -> bool:
                seen.append(process.memory_info().rss)
                return events.exists() and b'"event":"ended"' in events.read_bytes()

            terminal.until(over)
        finally:
            terminal.close()
    print(f"before the proof          {idle / 1e6:.0f} MB RSS")
    print(f"highest of {len(seen):4} readings  {max(seen) / 1e6:.0f} MB RSS; goal: at most {GOAL_BYTES / 1e6:.0f} MB")
    return 0 if max(seen) <= GOAL_BYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
