"""No orphan: weighbridge is killed at a random moment of a rented job's life, and nothing may run on unseen.

Each round starts the real program on the loopback Jobs API (`run PLAN --rent 1`), kills it by SIGKILL some time after
its first word to the API, half of the times around the start of the job, and looks as the next start does. Goal, over
100 kills: every job that still runs is found; those that are stopped then have their proof; and where nobody finds one
(the ledger is taken away, every other round), the time limit that was sent ends it for no more than the cap. Exit 1
where one of these fails once.

The service's jobs need no model, patience is short, and a job's clock is sped up once nobody is to find it.

    PYTHONPATH=src:tests python bench/orphans.py [--rounds 100] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from fakejobs.fake_job import FakeJob
from fakejobs.fake_jobs import FakeJobs

from weighbridge.cli import main as program
from weighbridge.domain.serving.rental import Rental, Waits
from weighbridge.plain.verbs import plan
from weighbridge.services.rentals import Ledger
from weighbridge.session import Deps, real_deps
from weighbridge.session.rental.left_running import left_running, stop_left

REPO, CAP_USD, MICRO_USD = "acme/small-Instruct", 1.0, 13_333
FAST = Waits(poll=0.05, stop=10.0, refuse=5.0)
CASES = 'id = "city"\ntitle = "One city"\n[policy]\nmin_pass = 5\n' + "".join(
    f'[[case]]\nid = "city-{n}"\nprompt = "Which city?"\nwhy = "One word."\n'
    '[case.grader]\nkind = "includes"\ntarget = "Paris"\n'
    for n in range(5)
)
PLAN = (
    f'[constraints]\navailable_route = "rented_gpu"\n[model]\nuse = "{REPO}"\n[card]\nlicence = "apache-2.0"\n'
    '[serve]\nhardware = "l4x1"\n[eval]\ncases = "cases.toml"\n'
)
FAST_FORWARD = 100_000.0
LATENCY_S = 0.05
"""Between the service and the program, each way, when a job is started."""
START_S = 0.4
"""Half of the kills come so soon: between the price, the ledger's page, the start and its answer."""


def patient() -> Deps:
    """The real outside with short patience, and without the engine's own forecast."""
    return replace(real_deps(), waits=FAST, dry_load=None)


def child(folder: str) -> int:
    """The program under test, in this process."""
    os.chdir(folder)
    setattr(plan, "real_deps", patient)  # noqa: B010  the type checker knows one signature only
    return program(["run", "plan.toml", "-o", "packet", "--rent", str(CAP_USD)])


class Tally:
    """What the rounds came to. `wrong`: sentences; none is the goal."""

    def __init__(self) -> None:
        self.moments: Counter[str] = Counter()
        self.found = self.stopped = self.ended = 0
        self.dearest = 0.0
        self.wrong: list[str] = []


def started(service: FakeJobs, home: Path) -> subprocess.Popen[bytes]:
    """The program, at work from its first word to the Jobs API on."""
    home.mkdir()
    (home / "plan.toml").write_text(PLAN)
    (home / "cases.toml").write_text(CASES)
    env = {**os.environ, **service.environment(home / "hf"), "WEIGHBRIDGE_HOME": str(home)}
    before = len(service.calls("/api/jobs/"))
    process = subprocess.Popen([sys.executable, __file__, "--child", str(home)], env=env, stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)  # fmt: skip
    until = time.monotonic() + 60
    while len(service.calls("/api/jobs/")) == before and process.poll() is None:
        if time.monotonic() > until:
            raise SystemExit("the program never asked the Jobs API")
        time.sleep(0.002)
    return process


def moment(home: Path, jobs: list[FakeJob]) -> str:
    """Where in its life the job was when the program died, by the ledger and by the service."""
    pages = [page.rental for page in Ledger(home).pages() if page.rental]
    if not jobs:
        return "before the job was made"
    if all(job.over for job in jobs):
        return "after the end, proof kept" if pages and pages[0].over else "after the end, proof not kept yet"
    if not pages or not pages[0].job_id:
        return "made, and its id not on the disk"
    if pages[0].endpoint:
        return "serving"
    return "scheduling or starting"


async def look(home: Path) -> tuple[Rental, ...]:
    """What the next start finds."""
    return await left_running(replace(patient(), home=home))


async def stop_all(home: Path, found: tuple[Rental, ...], tally: Tally, number: int) -> None:
    for rental in found:
        stopped = await stop_left(replace(patient(), home=home), rental)
        if rental.job_id and not (stopped.stop and stopped.stop.proven and stopped.cost):
            tally.wrong.append(f"round {number}: {rental.job_id} was found, and its stop was not proven")
        tally.stopped += 1


def leave_to_cap(home: Path, jobs: list[FakeJob], tally: Tally, number: int) -> None:
    """Nobody finds them: the ledger is gone, and only the service's own clock goes on."""
    shutil.rmtree(home / "rentals", ignore_errors=True)
    for job in jobs:
        job.started = (job.started or time.time()) - (job.running_s or 0.0) / FAST_FORWARD
        job.speed = FAST_FORWARD
    until = time.monotonic() + 10
    while any(not job.over for job in jobs) and time.monotonic() < until:
        time.sleep(0.01)
    for job in jobs:
        limit = job.spec.get("timeoutSeconds")
        cost = float(limit or 0) / 60 * MICRO_USD / 1e6
        tally.dearest = max(tally.dearest, cost)
        if not job.over or limit is None or cost > CAP_USD:
            tally.wrong.append(f"round {number}: the cap did not end {job.id} (limit {limit} s, {cost:.2f} USD)")
        tally.ended += 1


def kill_once(service: FakeJobs, home: Path, life_s: float, chance: random.Random, tally: Tally, number: int) -> None:
    known = set(service.jobs)
    process = started(service, home)
    time.sleep(chance.uniform(0, START_S if chance.random() < 0.5 else life_s + 0.2))
    process.kill()
    process.wait()
    time.sleep(3 * LATENCY_S)  # what was on its way to the service arrives
    own = [job for job_id, job in service.jobs.items() if job_id not in known]
    living = [job for job in own if not job.over]
    tally.moments[moment(home, own)] += 1
    found = asyncio.run(look(home))
    ids = {rental.order.id for rental in found}
    for job in living:
        if job.spec["labels"]["weighbridge"] in ids:
            tally.found += 1
        else:
            tally.wrong.append(f"round {number}: {job.id} runs, and the next start does not find it")
    if number % 2:
        asyncio.run(stop_all(home, found, tally, number))
    else:
        leave_to_cap(home, living, tally, number)
    if any(not job.over for job in own):
        tally.wrong.append(f"round {number}: something still runs at its end")
        for job in own:
            service.end(job, "CANCELED")


def life_of(service: FakeJobs, home: Path) -> float:
    """Seconds from the first word to the API to the job's end, when nobody disturbs the program."""
    process = started(service, home)
    began = time.monotonic()
    while process.poll() is None and not (service.jobs and not service.living()):
        time.sleep(0.01)
    life_s = time.monotonic() - began
    if process.wait(120) != 0:
        raise SystemExit("the undisturbed run failed")
    return life_s


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--child", default="")
    args = arguments.parse_args()
    if args.child:
        return child(args.child)
    tally, chance = Tally(), random.Random(args.seed)
    with FakeJobs(speed=1) as service, tempfile.TemporaryDirectory() as place:
        service.add(REPO, {"README.md": "---\nlicense: apache-2.0\n---\n", "model.safetensors": b"0"})
        service.starts_after_s, service.latency_s = 0.15, LATENCY_S
        os.environ.update(service.environment(Path(place) / "hf"))
        life_s = life_of(service, Path(place) / "whole")
        for number in range(args.rounds):
            kill_once(service, Path(place) / f"round-{number}", life_s, chance, tally, number)
    print(f"{args.rounds} kills over {life_s:.1f} s from the first word to the API, seed {args.seed}")
    for name, count in sorted(tally.moments.items()):
        print(f"  {name}: {count}")
    print(f"running and found by the next start: {tally.found}; stopped with proof: {tally.stopped}")
    print(f"left to the cap and ended by it: {tally.ended}, the dearest for {tally.dearest:.2f} of {CAP_USD:.2f} USD")
    for sentence in tally.wrong:
        print(f"WRONG: {sentence}")
    print("goal met: no orphan" if not tally.wrong else f"goal missed {len(tally.wrong)} times")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
