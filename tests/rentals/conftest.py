"""A rented GPU on loopback: the service, and a run whose plan is to rent there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakejobs.fake_jobs import FakeJobs

from weighbridge.cli import main
from weighbridge.domain import intents as want
from weighbridge.domain.serving.rental import Waits
from weighbridge.services.endpoint import keys
from weighbridge.services.runtimes import make_runtime
from weighbridge.services.store import RunStore
from weighbridge.session import Deps, Session

REPO = "acme/small-Instruct"
CARD = "---\nlicense: apache-2.0\nlanguage: [en]\n---\n# Small\n"
PLAN = f"""[constraints]
available_route = "rented_gpu"
[model]
use = "{REPO}"
[serve]
hardware = "l4x1"
[eval]
cases = "cases.toml"
"""
CASE = """[[case]]
id = "paris-{n}"
prompt = "Which city is it?"
why = "It is told in one word."
[case.grader]
kind = "includes"
target = "Paris"
"""
PACK = 'id = "paris"\ntitle = "One city"\n[policy]\nmin_pass = 5\n' + "".join(CASE.format(n=n) for n in range(5))
FAST = Waits(poll=0.02, scheduling=0.6, ready=0.6, silent=0.3, stop=0.5, refuse=0.3, found=900.0)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeJobs]:
    """A minute of a job passes in a tenth of a second."""
    keys.forget()
    with FakeJobs(speed=600) as fake:
        fake.add(REPO, {"README.md": CARD, "model.safetensors": b"0" * 64})
        monkeypatch.setenv("HF_ENDPOINT", fake.endpoint)
        monkeypatch.setenv("HF_TOKEN", fake.token)
        yield fake
    keys.forget()


@pytest.fixture
def rented_deps(deps: Deps, service: FakeJobs) -> Deps:
    """The real outside with little patience."""
    return replace(deps, waits=FAST, runtime=make_runtime)


@pytest.fixture
async def renter(store: RunStore, rented_deps: Deps, service: FakeJobs) -> AsyncIterator[Session]:
    """A run on the route of rented GPUs, with a model, hardware and a cap."""
    session = Session.create(store, rented_deps)
    await planned(session)
    yield session
    await session.close()


async def planned(session: Session, cap: str = "1.00") -> None:
    """The answers up to the start of the rental."""
    session.apply(want.Answer(field="available_route", value="rented_gpu"))
    await session.choose_model(REPO)
    session.apply(want.ChangeServe(field="hardware", value="l4x1"))
    session.apply(want.ChangeServe(field="cap_usd", value=cap))


@pytest.fixture
def here(
    rented_deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """`weighbridge ARGS` inside this process: exit code, standard output, standard error."""
    for verb in ("plan", "rentals"):
        monkeypatch.setattr(f"weighbridge.plain.{verb}.real_deps", lambda: rented_deps)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "cases.toml").write_text(PACK)

    def run(*args: str) -> tuple[int, str, str]:
        code = main(args)
        said = capfd.readouterr()
        assert "Traceback" not in said.out + said.err, said.err
        return code, said.out, said.err

    return run
