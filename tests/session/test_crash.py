"""kill -9 at random moments of an eval and of a save: nothing done is lost, nothing is there twice or half."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CRASHING = Path(__file__).parents[1] / "crashing.py"
SEED = 5
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forks")


@pytest.mark.slow
@pytest.mark.parametrize(("evals", "saves"), [(100, 100)])
def test_a_killed_process_leaves_what_it_had_done_and_nothing_half(home: Path, evals: int, saves: int) -> None:
    env = {**os.environ, "PYTHONPATH": str(CRASHING.parent)}
    command = [sys.executable, str(CRASHING), str(home), "eval", str(evals), "save", str(saves), str(SEED)]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["killed"] for one in found] == [evals, saves]
    assert [one["faults"] for one in found] == [[], []]
