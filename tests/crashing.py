"""Kills -9 at random moments of an eval and of a save, each in a fork of this program: what does the next one find?

crashing.py HOME (eval|save|real KILLS)... SEED

`eval`: a scripted runtime, many cases; resumed after each kill until all are graded. `save`: a packet is written where
none is, or over an earlier one. `real`: the eval with the real engine and the bundled model. Prints a JSON object for
each: how many processes were killed and how many came through, and every fault in a sentence.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from fakes import Script, quiet
from gguf_craft import craft_file

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.proof.events import EVENT, Event, Graded, Spawned
from weighbridge.domain.steps import ORDER
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.domain.verdict.graders import Includes
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session, real_deps, session

CASES, FEW = 30, 6
"""Of an eval that is killed, and of the packet of a run."""
GONE_S = 60.0


@dataclass
class Found:
    """What a series of kills came to. `resumed`: evals that were finished over several kills."""

    killed: int = 0
    came_through: int = 0
    resumed: int = 0
    faults: list[str] = field(default_factory=list)

    def check(self, holds: bool, fault: str) -> None:
        if not holds:
            self.faults.append(f"kill {self.killed}: {fault}")


def scripted(home: Path) -> Deps:
    return replace(real_deps(home), runtime=Script().factory, conditions=quiet, dry_load=None)


def pack(cases: int) -> CasePack:
    """Every third case fails."""

    def grader(n: int) -> Includes:
        return Includes(kind="includes", target="zebra" if n % 3 == 2 else "answer")

    made = tuple(Case(id=f"c{n}", prompt=f"Say {n}.", grader=grader(n)) for n in range(cases))
    return CasePack(id="many", case=made)


async def prepared(deps: Deps, model: str, *, whole: bool) -> str:
    """A run that is ready for its eval; with `whole` for its packet."""
    made = Session.create(RunStore(deps.home), deps)
    await made.choose_model(model)
    if model != "bundled":
        made.apply(want.UsePack(pack=pack(FEW if whole else CASES)))
    made.apply(want.ChangeSetting(field="n_threads", value="1"))
    if whole:
        for step in ORDER[:-1]:
            if step in ("proof", "eval"):
                async for _ in made.prove() if step == "proof" else made.evaluate():
                    pass
            made.apply(want.Confirm(step=step))
    await made.close()
    return made.run.id


def forked(work: Callable[[], None], after_s: float | None) -> bool:
    """Runs the work in a fork, which is killed after so many seconds. Whether it was killed before its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if after_s is not None:
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("the work failed by itself")
    return os.WIFSIGNALED(status)


def seconds(work: Callable[[], None]) -> float:
    """How long the work takes in a fork that nobody kills."""
    began = time.perf_counter()
    forked(work, None)
    return time.perf_counter() - began


def evaluate(deps: Deps, run_id: str) -> None:
    async def whole() -> None:
        opened = Session.resume(RunStore(deps.home), deps, run_id)
        async for _ in opened.evaluate():
            pass
        await opened.close()

    asyncio.run(whole())


def events_of(folder: Path) -> list[Event]:
    """The whole lines of the events, read as a stranger would."""
    path = folder / "events.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [EVENT.validate_json(line) for line in lines]


def kill_evals(home: Path, kills: int, rng: random.Random, *, real: bool = False) -> Found:
    """Kills, resumes, kills again, until every case is graded; then the same from the beginning."""
    deps = real_deps(home) if real else scripted(home)
    model = "bundled"
    if not real:
        (home / "tiny.gguf").write_bytes(craft_file())
        model = str(home / "tiny.gguf")
    run_id = asyncio.run(prepared(deps, model, whole=real))
    folder, fresh = home / "runs" / run_id, home / "fresh"
    if real:
        without_eval(deps, run_id)
    shutil.copytree(folder, fresh)
    took = seconds(lambda: evaluate(deps, run_id))
    found, known = Found(), set[str]()
    begin_anew(fresh, folder)
    while found.killed < kills:
        if forked(lambda: evaluate(deps, run_id), rng.uniform(0.0, took)):
            found.killed += 1
        else:
            found.came_through += 1
        engine_gone(folder)
        done, over = look(deps, run_id, known, found)
        known = set() if over else done
        if over:
            found.resumed += 1
            begin_anew(fresh, folder)
    return found


def begin_anew(fresh: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(fresh, folder)


def without_eval(deps: Deps, run_id: str) -> None:
    """Takes the eval off again that `prepared` ran, so that the engine's mode and threads are known."""
    store = RunStore(deps.home)
    opened = store.open(run_id)
    opened.save(store.load(run_id).model_copy(update={"evaluation": None, "verdict": None}))
    opened.close()


def look(deps: Deps, run_id: str, known: set[str], found: Found) -> tuple[set[str], bool]:
    """What the next process finds: the cases that are done, and whether the eval is over."""
    opened = Session.resume(RunStore(deps.home), deps, run_id)
    record = opened.run.evaluation
    asyncio.run(opened.close())
    jobs = set(record.job_ids) if record else set()
    graded, inside = list[str](), False
    for event in events_of(opened.folder):
        inside = event.job_id in jobs if event.event == "attempt" else inside
        if inside and isinstance(event, Graded):
            graded.append(event.case)
    results = [result.case for result in record.results] if record else []
    order = [case.id for case in record.pack.active] if record else []
    found.check(len(results) == len(set(results)), "a case is there twice")
    found.check(len(graded) == len(set(graded)), "a case was asked again that was graded")
    found.check(set(graded) == set(results), f"graded {sorted(graded)}, on record {sorted(results)}")
    found.check(known <= set(results), f"lost {sorted(known - set(results))}")
    found.check(results == [case for case in order if case in results], "the cases are not in order")
    found.check(record is None or record.outcome != "running", "the eval claims to run still")
    over = record is not None and record.gate is not None
    found.check(over == (bool(order) and len(results) == len(order)), "the gate does not follow the results")
    return set(results), over


def engine_gone(folder: Path) -> None:
    """Waits until no engine of a killed process is left. SystemExit where one stays."""
    pids, until = [e.pid for e in events_of(folder) if isinstance(e, Spawned)], time.monotonic() + GONE_S
    for pid in pids:
        while time.monotonic() < until:
            with suppress(psutil.Error):
                if "weighbridge.services.engine.child" in " ".join(psutil.Process(pid).cmdline()):
                    time.sleep(0.02)
                    continue
            break
        else:
            raise SystemExit(f"the engine {pid} outlives its killed parent by {GONE_S} s")


def kill_saves(home: Path, kills: int, rng: random.Random) -> Found:
    """Kills saves to a place where nothing is, and to that of an earlier packet of the run."""
    deps, found = scripted(home), Found()
    (home / "tiny.gguf").write_bytes(craft_file())
    run_id = asyncio.run(prepared(deps, str(home / "tiny.gguf"), whole=True))
    place = home / "packets"
    place.mkdir()
    target = place / "packet"
    save(deps, run_id, home / "first")  # what is imported and computed once is there before the forks
    took = seconds(lambda: save(deps, run_id, target))
    while found.killed < kills:
        if found.killed % 2 and target.exists():
            shutil.rmtree(target)
        if forked(lambda: save(deps, run_id, target), rng.uniform(0.0, took)):
            found.killed += 1
        else:
            found.came_through += 1
        if target.exists():
            wrong = [check.detail for check in verify_packet(target).checks if not check.ok]
            found.check(not wrong, f"a packet that does not hold: {wrong}")
        run = RunStore(home).load(run_id)
        found.check(flow.status(run, "decision") == "done", "a step before the packet is not done")
    forked(lambda: save(deps, run_id, target), None)
    left = [path.name for path in place.iterdir() if path != target]
    found.check(not left, f"left behind: {left}")
    hidden = [path.name for path in (home / "runs" / run_id).glob(".*")]
    found.check(not hidden, f"left behind in the run: {hidden}")
    found.check(verify_packet(target).ok, "the last packet does not hold")
    return found


def save(deps: Deps, run_id: str, target: Path) -> None:
    async def whole() -> None:
        opened = Session.resume(RunStore(deps.home), deps, run_id)
        await opened.write_packet(target)
        await opened.close()

    asyncio.run(whole())


def main() -> None:
    top, series, seed = Path(sys.argv[1]), sys.argv[2:-1], int(sys.argv[-1])
    session.NOTE_EVERY_S = 0.02  # more moments at which run.json is being written
    rng = random.Random(seed)
    for what, kills in zip(series[::2], map(int, series[1::2]), strict=True):
        home = top / what
        home.mkdir(parents=True)
        found = kill_saves(home, kills, rng) if what == "save" else kill_evals(home, kills, rng, real=what == "real")
        print(json.dumps({"what": what, **vars(found)}))


if __name__ == "__main__":
    main()
