"""One packet of a notebook, made once; and a fresh run of the same plan for every test."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from program import Cli, command, environment
from ran_notebook import Ran, make_ran, planned, scripted, write_plan

from weighbridge.domain import intents as want
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    with pytest.MonkeyPatch.context() as environment:
        return asyncio.run(make_ran(tmp_path_factory.mktemp("ran"), environment))


@pytest.fixture(scope="session")
def planned_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one run, that planned the notebook."""
    folder = tmp_path_factory.mktemp("planned")

    async def plan() -> None:
        session = await planned(folder / "home", write_plan(folder / "plan"))
        await session.close()

    asyncio.run(plan())
    return folder / "home"


@pytest.fixture
async def planner(home: Path, planned_home: Path) -> AsyncIterator[Session]:
    """The run that planned the notebook, opened."""
    shutil.copytree(planned_home, home)
    store = RunStore(home)
    session = Session.resume(store, scripted(home), store.list()[0].id)
    yield session
    await session.close()


@pytest.fixture
async def local(tmp_path: Path) -> Path:
    """A packet of a run that was measured on this machine, and in no notebook."""
    session = Session.create(RunStore(tmp_path / "local"), scripted(tmp_path / "local"))
    await session.choose_model("bundled")
    for step in ("constraints", "route", "model", "card", "runtime"):
        session.apply(want.Confirm(step=step))
    _ = [event async for event in session.prove()]
    await session.write_packet(tmp_path / "local-packet")
    await session.close()
    return tmp_path / "local-packet"


@pytest.fixture
def cli(home: Path, tmp_path: Path) -> Cli:
    """Runs `weighbridge ARGS` in a process of its own; never with a traceback, whatever the exit code."""

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*args),
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment(home),
            cwd=tmp_path,
            timeout=300,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    return run
