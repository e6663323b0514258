"""Long runs in the real wizard: its memory stays flat, and the event file stays within what was announced.

A proof of 100,000 tokens in ten answers, then an eval of 1,000 cases, each started by its key in a pseudo-terminal of
80x24. The child is the real one; its model is tiny and never ends an answer, so that it writes faster than any reader
reads. RSS is that of the wizard's own process, after 10 % and at the end. Goals, for each: growth at most 10 MB and at
most 10 %, and an event file within the bound of `domain/proof/disk.py`.

    python bench/long.py [--tokens N] [--cases N] [--only proof|eval]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psutil
from endless import write_model
from terminal import Terminal

from weighbridge.domain.intents import ChangeSetting, Confirm, UsePack
from weighbridge.domain.proof.disk import DiskNeed, eval_need, proof_need
from weighbridge.domain.steps import ORDER
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.domain.verdict.graders import Includes, Pattern
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

GOAL_BYTES, GOAL_SHARE = 10_000_000, 0.10
CASE_TOKENS = 16
ANSWERS = 10
"""The proof's tokens are those of so many repeats: attention over one answer of 100,000 tokens takes the engine half an
hour, and says nothing more of the wizard."""
START = b"\x12"
PATTERN_EVERY = 10
"""Every tenth case has a pattern, which is searched in a process of its own."""


def pack(cases: int) -> CasePack:
    """Cases whose answers pass and fail."""
    made = [
        Case(
            id=f"case-{n}",
            prompt=f"Say word number {n} of the list.",
            grader=Pattern(kind="pattern", target="[aeiou]")
            if n % PATTERN_EVERY == 0
            else Includes(kind="includes", target="bcdfg"[n % 5]),
            max_tokens=CASE_TOKENS,
        )
        for n in range(cases)
    ]
    return CasePack(id="many", case=tuple(made))


async def ready(home: Path, model: Path, tokens: int, cases: int) -> tuple[str, DiskNeed]:
    """A run whose first open step is the proof, or with `cases` the eval; its id, and what its job announces."""
    session = Session.create(RunStore(home), real_deps(home))
    answers = 1 if cases else ANSWERS
    length = -(-tokens // answers)
    wished = {"n_threads": 1, "n_ctx": (length // 1024 + 2) * 1024, "max_tokens": length, "repeats": answers}
    for field, value in wished.items():
        session.apply(ChangeSetting(field=field, value=str(value)))
    await session.choose_model(str(model))
    if cases:
        session.apply(UsePack(pack=pack(cases)))
    for step in ORDER[:5]:
        session.apply(Confirm(step=step))
    need = proof_need(session.run.settings, session.run.prompt)
    if cases:
        async for _ in session.prove():
            pass
        session.apply(Confirm(step="proof"))
        assert session.run.pack is not None
        need = eval_need(session.run.settings, session.run.pack.case)
    await session.close()
    return session.run.id, need


class Tail:
    """Counts lines of an event as the file grows; each byte is read once."""

    def __init__(self, path: Path, word: bytes) -> None:
        self._path, self._word = path, b'{"event":"' + word + b'"'
        self._at = path.stat().st_size if path.exists() else 0
        self.began = self._at
        self.count, self.ended, self._rest = 0, False, b""

    @property
    def size(self) -> int:
        return self._at - self.began

    def look(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            new = file.read()
        self._at += len(new)
        lines = (self._rest + new).split(b"\n")
        self._rest = lines.pop()
        self.count += sum(line.startswith(self._word) for line in lines)
        self.ended = self.ended or any(line.startswith(b'{"event":"ended"') for line in lines)


def watched(home: Path, run_id: str, word: bytes, goal: int, limit_s: float) -> tuple[list[int], Tail, float]:
    """RSS of the wizard after 10 % and at the end, the tail of its events, and seconds from the key to the end."""
    tail = Tail(home / "runs" / run_id / "events.jsonl", word)
    terminal = Terminal([sys.executable, "-m", "weighbridge", "--run", run_id], {"WEIGHBRIDGE_HOME": str(home)})
    seen: list[int] = []
    try:
        terminal.until(lambda drawn: b"Palette" in drawn)
        process = psutil.Process(terminal.pid)
        began, looked = time.perf_counter(), 0.0
        terminal.press(START)

        def over(_: bytes) -> bool:
            nonlocal looked
            terminal.drawn = b""
            if time.perf_counter() - looked < 0.1:
                return False
            looked = time.perf_counter()
            tail.look()
            if not seen and tail.count >= goal // 10:
                seen.append(process.memory_info().rss)
            return tail.ended

        terminal.until(over, limit_s)
        seconds = time.perf_counter() - began
        settled = time.perf_counter() + 2.0
        terminal.until(lambda _: time.perf_counter() > settled, limit_s)
        seen.append(process.memory_info().rss)
    finally:
        terminal.close()
    return seen, tail, seconds


def part(name: str, model: Path, tokens: int, cases: int, limit_s: float) -> bool:
    """One long job, printed; whether it met its goals."""
    with tempfile.TemporaryDirectory() as folder:
        run_id, need = asyncio.run(ready(Path(folder), model, tokens, cases))
        word, goal = (b"graded", cases) if cases else (b"token", tokens)
        (early, end), tail, seconds = watched(Path(folder), run_id, word, goal, limit_s)
    grown, share = end - early, (end - early) / early
    print(f"{name}: {tail.count:,} of {goal:,} in {seconds:.0f} s")
    print(
        f"  RSS after 10 %  {early / 1e6:6.1f} MB, at the end {end / 1e6:.1f} MB: {grown / 1e6:+.1f} MB, {share:+.1%}"
    )
    print(f"  event file      {tail.size / 1e6:6.1f} MB, announced at most {need.events_bytes / 1e6:.1f} MB")
    flat = grown <= GOAL_BYTES and share <= GOAL_SHARE
    return flat and tail.count >= goal and tail.size <= need.events_bytes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tokens", type=int, default=100_000)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--only", choices=("proof", "eval"))
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds for each part")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "endless.gguf"
        write_model(model)
        met = []
        if args.only != "eval":
            met.append(part("proof, tokens", model, args.tokens, 0, args.limit))
        if args.only != "proof":
            met.append(part("eval, cases", model, CASE_TOKENS, args.cases, args.limit))
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
