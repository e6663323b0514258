"""kill -9 of the wizard during proof, eval and save: nothing shown as done is lost, and no child is left alive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pty_wizard import NEXT, START, Terminal, wait_until

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.proof.events import EVENT, Event, Graded, Spawned
from weighbridge.domain.steps import ORDER, StepId
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")


async def prepare(home: Path, last: StepId) -> str:
    """A run on the real engine, with every step before `last` done. Returns its id."""
    store, deps = RunStore(home), real_deps(home)
    session = Session.create(store, deps)
    await session.choose_model("bundled")
    session.apply(want.ChangeSetting(field="n_threads", value="1"))
    session.apply(want.ChangeSetting(field="max_tokens", value="48"))
    for step in ORDER[: ORDER.index(last)]:
        if step == "proof":
            _ = [event async for event in session.prove()]
        if step == "eval":
            _ = [event async for event in session.evaluate()]
        session.apply(want.Confirm(step=step))
    await session.close()
    return session.run.id


def events_of(home: Path, run_id: str) -> list[Event]:
    """The whole lines of the events file, read as a stranger would."""
    path = home / "runs" / run_id / "events.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [EVENT.validate_json(line) for line in lines]


def no_child_is_left(events: list[Event]) -> None:
    pids = [event.pid for event in events if isinstance(event, Spawned)]

    def gone(pid: int) -> bool:
        try:
            return "weighbridge.services.engine.child" not in " ".join(psutil.Process(pid).cmdline())
        except psutil.Error:
            return True

    wait_until("every child gone", lambda: all(gone(pid) for pid in pids))


def seen(kind: str, count: int = 1) -> Callable[[list[Event]], bool]:
    return lambda events: sum(e.event == kind for e in events) >= count


PROOF_MOMENTS = [
    seen("attempt"), seen("spawned"), seen("ready"), seen("loaded"), seen("request"), seen("token"),
    seen("token", 12), seen("completed"), seen("token", 40), seen("stopped"),
]  # fmt: skip


FEW_OR_ALL = pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)], ids=["few", "all"])
"""Every fifth of the ten moments, and in the slow group each of them."""


@FEW_OR_ALL
async def test_kills_during_the_proof(home: Path, step: int) -> None:
    run_id = await prepare(home, "proof")
    for moment in PROOF_MOMENTS[::step]:
        before = len(events_of(home, run_id))
        with Terminal(home, "--run", run_id) as wizard:
            wizard.wait_for("Proof")
            wizard.send(START)
            wait_until("the moment of the kill", lambda: moment(events_of(home, run_id)[before:]))  # noqa: B023
            wizard.kill()
        no_child_is_left(events_of(home, run_id))
        run = RunStore(home).load(run_id)
        assert [flow.status(run, done) for done in ORDER[:5]] == ["done"] * 5
        assert flow.first_open(run) == "proof"


async def test_a_terminal_that_goes_away_ends_the_wizard_and_its_child(home: Path) -> None:
    run_id = await prepare(home, "proof")
    with Terminal(home, "--run", run_id) as wizard:
        wizard.wait_for("Palette")
        wizard.send(START)
        wait_until("tokens", lambda: seen("token", 3)(events_of(home, run_id)))
        wizard.hang_up()
        wait_until("the wizard gone", lambda: wizard.process.poll() is not None)
    no_child_is_left(events_of(home, run_id))
    RunStore(home).open(run_id).close()


@FEW_OR_ALL
async def test_kills_during_the_eval(home: Path, tmp_path: Path, step: int) -> None:
    run_id = await prepare(home, "eval")
    shutil.copytree(home, tmp_path / "fresh")
    for kept in (0, 1, 2, 3, 4, 5, 6, 7, 0, 3)[::step]:
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "fresh", home)
        with Terminal(home, "--run", run_id) as wizard:
            wizard.wait_for("Eval")
            wizard.send(START)
            enough = seen("graded", kept) if kept else seen("request")
            wait_until(f"{kept} cases graded", lambda: enough(events_of(home, run_id)))  # noqa: B023
            wizard.kill()
        events = events_of(home, run_id)
        no_child_is_left(events)
        graded = [event.case for event in events if isinstance(event, Graded)]
        session = Session.resume(RunStore(home), real_deps(home), run_id)
        assert session.run.evaluation is None or [r.case for r in session.run.evaluation.results] == graded
        assert len(graded) >= kept
        assert flow.status(session.run, "proof") == "done"
        await session.close()


@FEW_OR_ALL
async def test_kills_during_the_save(home: Path, step: int) -> None:
    run_id = await prepare(home, "packet")
    target = home / f"weighbridge-packet-{run_id}"
    for files in (0, 1, 2, 4, 8, 12, 16, 24, 32, 1000)[::step]:
        with Terminal(home, "--run", run_id) as wizard:
            wizard.wait_for("Save packet")
            wizard.send(NEXT)
            wait_until("the moment of the kill", lambda: being_saved(home, target, files))  # noqa: B023
            wizard.kill()
        assert flow.first_open(RunStore(home).load(run_id)) == "packet"
        if target.exists():
            report = verify_packet(target)
            assert report.ok, [check for check in report.checks if not check.ok]
    with Terminal(home, "--run", run_id) as wizard:
        wizard.wait_for("Save packet")
        wizard.send(NEXT)
        wait_until("the packet is recorded", lambda: RunStore(home).load(run_id).packet is not None)
    assert verify_packet(target).ok
    assert not list(home.glob(".weighbridge-*")), "what a killed save leaves is swept by the next one"


def being_saved(home: Path, target: Path, files: int) -> bool:
    """Whether a save has written at least so many files, or has put the packet in its place."""
    # os.walk passes over a folder that is moved into place while it is counted; rglob of Python 3.11 raises.
    written = (sum(len(names) for _, _, names in os.walk(folder)) for folder in home.glob(".weighbridge-*"))
    return target.exists() or max(written, default=-1) >= files
