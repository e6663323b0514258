"""A rented GPU on loopback: the service, and a run whose plan is to rent there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from fakejobs.fake_jobs import FakeJobs
from rental_steps import CARD, FAST, PACK, PLAN, REPO, planned

from weighbridge.cli import main
from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.serving.rental import Waits
from weighbridge.services.endpoint import keys
from weighbridge.services.machine import machine_facts
from weighbridge.services.runs.store import RunStore
from weighbridge.services.runtimes import make_runtime
from weighbridge.session import Deps, Session


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeJobs]:
    """A minute of a job passes in two seconds, so that a test has two minutes for the cap of a dollar."""
    keys.forget()
    with FakeJobs(speed=30) as fake:
        fake.add(REPO, {"README.md": CARD, "model.safetensors": b"0" * 64})
        monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
        monkeypatch.setenv("HF_TOKEN", fake.token)
        yield fake
    keys.forget()


@pytest.fixture
def waits() -> Waits:
    """How long is waited for what; a test may say otherwise by a parameter of this name."""
    return FAST


@pytest.fixture
def rented_deps(deps: Deps, service: FakeJobs, waits: Waits) -> Deps:
    """The real outside, asked often."""
    return replace(deps, waits=waits, runtime=make_runtime, machine=lambda _: this_machine())


@cache
def this_machine() -> MachineFacts:
    """Read once for all tests: nothing runs on it here."""
    return machine_facts(Path.cwd())


@pytest.fixture
async def renter(store: RunStore, rented_deps: Deps, service: FakeJobs) -> AsyncIterator[Session]:
    """A run on the route of rented GPUs, with a model, hardware and a cap."""
    session = Session.create(store, rented_deps)
    await planned(session)
    yield session
    await session.close()


@pytest.fixture
def here(
    rented_deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """`weighbridge ARGS` inside this process: exit code, standard output, standard error."""
    for verb in ("plan", "rentals", "doctor"):
        monkeypatch.setattr(f"weighbridge.plain.verbs.{verb}.real_deps", lambda: rented_deps)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "cases.toml").write_text(PACK)

    def run(*args: str) -> tuple[int, str, str]:
        code = main(args)
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err, said.err
        return code, said.out, said.err

    return run
