"""One weighed run for all packet tests, and packets made of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from fakes import Script, quiet
from packet.hub_run import commercial, hub_source
from packet.served_run import BOOT, TICK, Server, notebook_source, served_source

from weighbridge.domain import intents as want
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.domain.steps import ORDER
from weighbridge.domain.verdict.graders import grade
from weighbridge.services.cases import marking
from weighbridge.services.packet_io.evidence import PacketSource
from weighbridge.services.packet_io.write import write_packet
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Session, real_deps

AT = "2026-01-02T03:04:05Z"
ID = "11111111-2222-4333-8444-555555555555"
HOSTILE = "=cmd|' /C calc'!A0\n```\n<script>alert(1)</script> | \x1b[31mred\x1b[0m \u202e local CPU 3"


def answer(request: Request) -> str:
    """Right for some cases, wrong for others, hostile for the first run."""
    return {
        "case-laptop-01": "On the local CPU, with a small quantized model.",
        "case-packet-01": "The model name and the license note.",
        "case-billing-01": "The free Colab.",
    }.get(request.id, HOSTILE)


async def _weigh(home: Path, route: str, script: Script) -> PacketSource:
    ticks = count(1)
    deps = replace(
        real_deps(home), runtime=script.factory, conditions=quiet, dry_load=None, monotonic=lambda: TICK * next(ticks)
    )
    session = Session.create(RunStore(home), deps)
    session.apply(want.Answer(field="available_route", value=route))
    session.apply(want.Answer(field="budget_level", value="small"))
    for step in ORDER[:-1]:
        if step == "model":
            await session.choose_model("bundled")
        if step == "proof" and route == "local_cpu":
            _ = [event async for event in session.prove()]
        if step == "eval" and route == "local_cpu":
            _ = [event async for event in session.evaluate()]
        session.apply(want.Confirm(step=step))
    source = PacketSource(session.run, session.events(), {}, AT, ID)
    await session.close()
    return source


@pytest.fixture
def marks_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns are searched in this process: for tests that verify hundreds of times."""
    monkeypatch.setattr(marking, "_apart", lambda work: [grade(case.grader, output) for case, output in work])


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> PacketSource:
    """A whole local run: a crash in default mode, a proof and an eval in safe mode, a decision."""
    script = Script(answer=answer, crash_in_default_mode="SIGSEGV")
    made = asyncio.run(_weigh(tmp_path_factory.mktemp("weighed"), "local_cpu", script))
    name = made.run.proof.job_id.replace(":", "") if made.run.proof else ""
    return replace(made, logs={f"{name}-1.log": "ggml: started\nit broke\n", f"{name}-2.log": "fine\n"})


@pytest.fixture(scope="session", params=["free_colab", "rented_gpu"])
def planned_source(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> PacketSource:
    """A run on a route that is planned, not run."""
    return asyncio.run(_weigh(tmp_path_factory.mktemp("planned"), request.param, Script()))


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory, source: PacketSource) -> Path:
    """The packet of the whole run. Not to be changed: `packet` is a copy for that."""
    target = tmp_path_factory.mktemp("golden") / "packet"
    write_packet(target, source)
    return target


@pytest.fixture
def packet(golden: Path, tmp_path: Path) -> Path:
    """A good packet of this test's own."""
    return Path(shutil.copytree(golden, tmp_path / "packet"))


@pytest.fixture
def save(tmp_path: Path) -> Callable[[PacketSource], Path]:
    """Writes a packet of any source."""

    def made(source: PacketSource) -> Path:
        write_packet(tmp_path / "saved", source)
        return tmp_path / "saved"

    return made


@pytest.fixture(scope="session")
def hub_golden(tmp_path_factory: pytest.TempPathFactory, source: PacketSource) -> Path:
    """The packet of the run with a model of the Hub, commercial use stated and the refusal overruled."""
    target = tmp_path_factory.mktemp("hub-golden") / "packet"
    write_packet(target, commercial(hub_source(source), "only a class exercise"))
    return target


@pytest.fixture
def hub_packet(hub_golden: Path, tmp_path: Path) -> Path:
    """A good packet of a Hub model, of this test's own."""
    return Path(shutil.copytree(hub_golden, tmp_path / "hub-packet"))


def _made(source: Coroutine[None, None, PacketSource]) -> PacketSource:
    """Patterns are searched in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marking, "_apart", lambda work: [grade(case.grader, output) for case, output in work])
        return asyncio.run(source)


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory) -> PacketSource:
    """A server that somebody else runs, which counts tokens and tells its GPU memory."""
    return _made(served_source(tmp_path_factory.mktemp("given"), Server()))


@pytest.fixture(scope="session")
def rented(tmp_path_factory: pytest.TempPathFactory) -> PacketSource:
    """A rented GPU whose server counts nothing, tells nothing of its memory, and keeps prefixes."""
    server = Server(counts=False, memory=False, doubt="It counted more tokens than it was sent.", reused=8)
    return _made(served_source(tmp_path_factory.mktemp("rented"), server, "rented_gpu", rented=True))


@pytest.fixture(scope="session")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> PacketSource:
    """A run in a notebook that was not reset, whose runtime was given back."""
    runtime = NotebookRuntime(
        link="https://colab.research.google.com/drive/x", runtime_type="Colab, T4", boot_id=BOOT, boot_id_end=BOOT,
        stop="runtime.unassign() was called, and `colab status` knows it no more",
    )  # fmt: skip
    return _made(notebook_source(tmp_path_factory.mktemp("notebook"), runtime))
