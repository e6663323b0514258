"""What all tests share: a place of their own, the bundled model, and a session on a scripted runtime."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from fakes import Script, quiet

from weighbridge.services import bundled
from weighbridge.services.hub import bounded
from weighbridge.services.machine import machine_facts
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session, real_deps

for _name in [name for name in os.environ if name.startswith(("HF_", "WEIGHBRIDGE_"))]:
    del os.environ[_name]
os.environ["TEXTUAL_ANIMATIONS"] = "none"

# What a shell starts in the background has ctrl+c ignored, and so would every program of these tests.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A slow machine is no finding, and a test that fails here fails everywhere.
hypothesis.settings.register_profile(
    "tests", deadline=None, database=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")


NO_HUB = "http://127.0.0.1:9"
"""Nothing listens on the discard port: a test that has no Hub of its own reaches none."""


def pytest_xdist_auto_num_workers() -> int:
    """A worker more than cores: a fifth of their time the tests wait for terminals, servers and engines."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that belongs to this test alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("WEIGHBRIDGE_HOME", str(folder))
    monkeypatch.setenv("HF_ENDPOINT", NO_HUB)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr(bounded, "_ORIGINS", set())  # a port that served another test is no Hub of this one
    return folder


@pytest.fixture(scope="session")
def bundled_path() -> Path:
    """The real SmolLM2-135M-Instruct Q4_1."""
    return bundled.find().path


@pytest.fixture
def script() -> Script:
    """The script of this test's runtimes."""
    return Script()


@pytest.fixture
def deps(home: Path, script: Script) -> Deps:
    """The real outside, but for a scripted runtime, forecasts by the formula, and a machine with room enough."""
    return replace(
        real_deps(home),
        runtime=script.factory,
        conditions=quiet,
        dry_load=None,
        machine=lambda folder: machine_facts(folder).model_copy(update={"available_bytes": 8 << 30}),
    )


@pytest.fixture
def store(home: Path) -> RunStore:
    return RunStore(home)


@pytest.fixture
async def session(store: RunStore, deps: Deps) -> AsyncIterator[Session]:
    """A new run with every default."""
    made = Session.create(store, deps)
    yield made
    await made.close()


@pytest.fixture
def reopen(store: RunStore, deps: Deps) -> Callable[[str], Session]:
    """Opens a run anew, as after a kill."""
    return lambda run_id: Session.resume(store, deps, run_id)
