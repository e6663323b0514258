"""The real program is interrupted while it rents: ctrl+c, a closed terminal, a polite kill."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakejobs.fake_jobs import FakeJobs
from program import environment
from rental_steps import PACK, PLAN

PROGRAM = """
import sys
from dataclasses import replace
from rental_steps import FAST
from weighbridge.cli import main
from weighbridge.plain.verbs import plan
from weighbridge.session import real_deps
plan.real_deps = lambda: replace(real_deps(), waits=FAST.model_copy(update={"ready": 60.0}), dry_load=None)
sys.exit(main(["run", "plan.toml", "-o", "packet", "--rent", "1"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_program_gives_its_machine_back_first(
    service: FakeJobs, home: Path, tmp_path: Path, name: str
) -> None:
    service.ready, service.speed = False, 1
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "cases.toml").write_text(PACK)
    path = {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment(home, path), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 60
        while not any(job.stage == "RUNNING" for job in service.living()):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.01)
        process.send_signal(getattr(signal, name))
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and not service.living(), said
    assert "giving the rented machine back first" in said and "Proof of stop" in said and "Traceback" not in said
