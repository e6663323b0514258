"""Decode rate inside the wizard, its panel running, beside the same child without any front end. Goal: at least 0.98.

Both sides run the bundled model in safe mode with one thread, the same prompt and 128 tokens, in turns; who goes
first changes every round. The wizard is drawn in a pseudo-terminal of 80x24 that is read as fast as it writes.

    python bench/panel.py [ROUNDS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from statistics import median

from decode import PROMPT, launch, rate, rate_alone
from terminal import Terminal

from weighbridge.domain.intents import ChangePrompt, ChangeSetting, Confirm
from weighbridge.domain.proof.events import Event, Token
from weighbridge.domain.proof.summary import jobs
from weighbridge.domain.steps import ORDER
from weighbridge.services.engine.mode_memory import remember
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

GOAL = 0.98
TOKENS = 128


async def ready(home: Path, tokens: int = TOKENS) -> str:
    """A run whose first open step is the proof; its id."""
    remember(home, "safe")
    session = Session.create(RunStore(home), real_deps(home))
    session.apply(ChangeSetting(field="n_threads", value="1"))
    session.apply(ChangeSetting(field="max_tokens", value=str(tokens)))
    session.apply(ChangePrompt(value=PROMPT.prompt))
    await session.choose_model("bundled")
    for step in ORDER[:5]:
        session.apply(Confirm(step=step))
    await session.close()
    return session.run.id


def events(home: Path, run_id: str) -> list[Event]:
    folder = RunStore(home).open(run_id)
    try:
        return list(folder.events())
    finally:
        folder.close()


def rate_in_wizard(home: Path, run_id: str) -> float:
    """Tokens per second of one proof that was started by its key."""
    path = home / "runs" / run_id / "events.jsonl"

    def ended() -> int:
        return path.read_bytes().count(b'"event":"ended"') if path.exists() else 0

    before = ended()
    terminal = Terminal([sys.executable, "-m", "weighbridge", "--run", run_id], {"WEIGHBRIDGE_HOME": str(home)})
    try:
        terminal.until(lambda drawn: b"Palette" in drawn)
        terminal.press(b"\x12")
        terminal.until(lambda _: ended() > before)
    finally:
        terminal.close()
    last = jobs(events(home, run_id))[-1]
    return rate([e.t for e in last if isinstance(e, Token) and e.request == "first-run"])


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    alone, wizard = [], []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run_id = asyncio.run(ready(home))
        for number in range(rounds):
            if number % 2:
                alone.append(rate_alone(launch(home, TOKENS)))
            wizard.append(rate_in_wizard(home, run_id))
            if not number % 2:
                alone.append(rate_alone(launch(home, TOKENS)))
            print(f"alone {alone[-1]:6.1f} tokens/s, in the wizard {wizard[-1]:6.1f} tokens/s", flush=True)
    ratio = median(b / a for a, b in zip(alone, wizard, strict=True))
    print(f"rounds                    {rounds}")
    print(f"child alone               {median(alone):.1f} tokens/s (median)")
    print(f"in the wizard             {median(wizard):.1f} tokens/s (median)")
    print(f"ratio                     {ratio:.3f} (median of the pairs); goal: at least {GOAL}")
    return 0 if ratio >= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
