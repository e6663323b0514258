"""The program inside the test's own process, the wizard on a scripted runtime, and a small pack."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from program import Cli
from steering import Launch, wait_until
from textual.pilot import Pilot

from weighbridge.cli import main
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session
from weighbridge.tui.app import WeighbridgeApp


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs `weighbridge ARGS` in the test's own folder."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        try:
            code = main(args)
        except SystemExit as end:
            code = int(end.code or 0)
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err, said.err
        assert "unexpected" not in said.err, said.err
        return subprocess.CompletedProcess(args, code, said.out, said.err)

    return run


@pytest.fixture
def launch(session: Session, store: RunStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Launch:
    """`async with launch() as pilot:` opens the wizard on the run of this test, in the test's own folder."""
    monkeypatch.chdir(tmp_path)

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
        app = WeighbridgeApp(lambda: (session, store, ""))
        async with app.run_test(size=size) as pilot:
            await wait_until(pilot, "the run is open", lambda: app.step_screen is not None)
            yield pilot

    return opened


@pytest.fixture
def small() -> CasePack:
    """Six plain cases, four of which have to pass."""
    grader = {"kind": "includes", "target": "yes"}
    rows = [{"id": f"case-{n}", "prompt": f"Is {n} a number?", "grader": grader} for n in range(1, 7)]
    return CasePack.model_validate({"id": "small", "policy": {"min_pass": 4}, "case": rows})
