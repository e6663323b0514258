"""The notebook driven by a `colab` command, which is a fake one: it lies and hangs as the real one was seen to do."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ran_notebook import Ran, executed

from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.services import colab
from weighbridge.session import Session
from weighbridge.session.notebook.driving import minutes, run_in_colab

Faults = Callable[..., None]


@pytest.fixture
def fake(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the fake's state; the command is on PATH."""
    state, bin_ = tmp_path / "colab-state", tmp_path / "bin"
    state.mkdir()
    bin_.mkdir()
    script = bin_ / "colab"
    script.write_text(f"#!{sys.executable} -IS\n" + Path(__file__).with_name("fake_colab.py").read_text())
    script.chmod(0o755)
    (state / "ran.ipynb").write_bytes(executed(ran))
    (state / "packet.zip").write_bytes(ran.packed)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_COLAB", str(state))
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr(colab, "GRACE_S", 2.0)
    return state


@pytest.fixture
def said() -> list[str]:
    return []


def calls(fake: Path) -> list[str]:
    return [line.split()[0] for line in (fake / "calls").read_text().splitlines()]


async def drive(planner: Session, tmp_path: Path, said: list[str], limit_s: float = 60.0) -> None:
    await run_in_colab(planner, tmp_path / "proof.ipynb", "t4", limit_s, said.append)


async def test_it_runs_is_taken_in_and_is_stopped(
    planner: Session, fake: Path, tmp_path: Path, said: list[str]
) -> None:
    await drive(planner, tmp_path, said)
    facts = planner.run.notebook
    assert facts is not None and planner.run.proof is not None
    assert "listed m-s-abc123 before, and lists it no more" in facts.stop
    assert facts.link == "https://colab.research.google.com/notebooks/empty.ipynb?dbu=%2Ftun%2Fm%2Fabc123"
    assert not (fake / "running").exists()
    log = (fake / "calls").read_text()
    assert "--gpu T4" in log and "--timeout " in log and "hf_secret" not in log
    assert [path.name for path in sorted(tmp_path.glob("proof*"))] == [
        "proof_log.jsonl",
        "proof_output.ipynb",
        "proof_packet.zip",
    ]
    assert "Available: 12.34 compute units" in said


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ("refuse_new", OutsideFailed, "Colab gave no runtime: .*Allocation refused"),
        ("mute", OutsideFailed, "Colab gave no runtime: it said nothing"),
        ("no_output", OutsideFailed, "Colab left no notebook as it ran"),
        ("failed_cell", BadInput, "failed in the middle, in code cell 7 .*: RuntimeError: no space"),
    ],
)
async def test_an_exit_code_of_0_is_not_believed(
    planner: Session, fake: Path, tmp_path: Path, said: list[str], fault: str, kind: type[Exception], message: str
) -> None:
    (fake / "faults").write_text(fault)
    with pytest.raises(kind, match=message):
        await drive(planner, tmp_path, said)
    assert planner.run.notebook is None and planner.events() == ()
    assert "stop" in calls(fake) and not (fake / "running").exists()


@pytest.mark.parametrize("fault", ["hang_exec", "hang_new"])
async def test_our_own_deadline_ends_what_hangs_and_the_runtime_is_stopped(
    planner: Session, fake: Path, tmp_path: Path, said: list[str], fault: str
) -> None:
    (fake / "faults").write_text(fault)
    with pytest.raises(OutsideFailed, match=r"the time was over|within the time limit"):
        await drive(planner, tmp_path, said, limit_s=2.0)
    assert not (fake / "running").exists() and _nothing_hangs(fake)


async def test_a_person_who_interrupts_leaves_nothing_running(
    planner: Session, fake: Path, tmp_path: Path, said: list[str]
) -> None:
    (fake / "faults").write_text("hang_exec")
    task = asyncio.create_task(drive(planner, tmp_path, said))
    async with asyncio.timeout(60):
        while not (fake / "hanging").exists():
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (fake / "running").exists() and _nothing_hangs(fake)


async def test_a_person_who_interrupts_the_stop_is_told_what_may_run_on(
    planner: Session, fake: Path, tmp_path: Path, said: list[str]
) -> None:
    (fake / "faults").write_text("hang_stop")
    task = asyncio.create_task(drive(planner, tmp_path, said))
    async with asyncio.timeout(60):
        while not (fake / "hanging").exists():
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert said[-1].startswith("NOT PROVEN to be stopped") and "m-s-abc123" in said[-1] and _nothing_hangs(fake)


async def test_a_line_without_an_end_and_a_process_that_is_left_hold_nobody_up(
    planner: Session, fake: Path, tmp_path: Path, said: list[str]
) -> None:
    (fake / "faults").write_text("endless daemon")
    try:
        await drive(planner, tmp_path, said)
    finally:
        os.kill(int((fake / "daemon").read_text()), signal.SIGKILL)
    assert planner.run.proof is not None and planner.run.notebook is not None and planner.run.notebook.stop
    assert all(len(line) <= 2_000 for line in said)


def test_a_last_word_without_an_end_is_heard_though_a_process_is_left(tmp_path: Path) -> None:
    command, left = tmp_path / "colab", tmp_path / "left"
    command.write_text(f"#!/bin/sh\nsleep 600 &\necho $! > '{left}'\nprintf '12.34 units'\n")
    command.chmod(0o755)
    try:
        assert asyncio.run(colab.ColabRuntime(str(command), "x").usage()) == "12.34 units"
        gc.collect()  # an output that was left open would be warned of here, and fail this test
    finally:
        os.kill(int(left.read_text()), signal.SIGKILL)


async def test_a_disk_that_fails_is_one_sentence_and_the_runtime_is_stopped(
    planner: Session, fake: Path, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copy", full)
    with pytest.raises(OutsideFailed, match="cannot be written: there is no space left"):
        await drive(planner, tmp_path, said)
    assert not (fake / "running").exists()


@pytest.mark.parametrize("fault", ["deaf_stop", "forgets"])
async def test_a_stop_that_nothing_shows_is_said_and_not_on_record(
    planner: Session, fake: Path, tmp_path: Path, said: list[str], fault: str
) -> None:
    (fake / "faults").write_text(fault)
    if fault == "forgets":
        with pytest.raises(OutsideFailed, match="Colab gave no runtime"):
            await drive(planner, tmp_path, said)
    else:
        await drive(planner, tmp_path, said)
        assert planner.run.notebook is not None and planner.run.notebook.stop == ""
    assert calls(fake).count("stop") == 3
    assert any(line.startswith("NOT PROVEN to be stopped") for line in said)


async def test_a_runtime_that_came_up_without_a_name_is_told(
    planner: Session, fake: Path, tmp_path: Path, said: list[str]
) -> None:
    (fake / "faults").write_text("refuse_new orphan")
    with pytest.raises(OutsideFailed, match="Allocation refused"):
        await drive(planner, tmp_path, said)
    assert any(line.startswith("NOT PROVEN") and "m-s-orphan" in line for line in said)


async def test_without_the_command_it_is_said_how_to_get_it(
    planner: Session, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutsideFailed, match="no `colab` command") as told:
        await drive(planner, tmp_path, said)
    assert "google-colab-cli" in told.value.hint


@pytest.mark.parametrize("text", ["0", "-1", "nan", "721", "an hour", ""])
def test_time_limits_that_are_none(text: str) -> None:
    with pytest.raises(BadInput, match="no time limit"):
        minutes(text)


def _nothing_hangs(fake: Path) -> bool:
    """Whether the command that hung is gone; on a busy machine the deadline may have come before it hung."""
    hanging = fake / "hanging"
    pid = hanging.read_text() if hanging.exists() else ""
    try:
        if pid:
            os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    return not pid
