"""`prove --from` with a model of the Hub: fetched at the pinned revision, and nothing else is taken for it."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakes import Script
from program import Cli

from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session

SPEC = "acme/tiny-GGUF:tiny-Q4_K_M.gguf"


async def _packet(deps: Deps, target: Path) -> None:
    session = Session.create(RunStore(deps.home), deps)
    await session.choose_model(SPEC)
    await session.download()
    _ = [event async for event in session.prove()]
    await session.write_packet(target)
    await session.close()


@pytest.fixture
def packet(hub: FakeHub, deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A packet from another machine: nothing of the Hub is left here."""
    elsewhere = replace(deps, home=tmp_path / "elsewhere")
    asyncio.run(_packet(elsewhere, tmp_path / "packet"))
    shutil.rmtree(elsewhere.home)
    monkeypatch.setattr("weighbridge.plain.verbs.again.real_deps", lambda: deps)
    return tmp_path / "packet"


def test_the_file_is_fetched_at_the_pinned_revision(
    packet: Path, hub: FakeHub, tiny: dict[str, Path], script: Script, here: Cli
) -> None:
    """The branch has moved on to other weights since."""
    hub.repos["acme/tiny-GGUF"].commit({"tiny-Q4_K_M.gguf": tiny["tiny-Q8_0.gguf"]})
    done = here("prove", "--from", str(packet))
    assert done.returncode == 0, done.stderr
    assert "Reproduced: 1 of 1 answers equal." in done.stdout
    assert Path(script.launches[-1].model_path).read_bytes() == tiny["tiny-Q4_K_M.gguf"].read_bytes()


def test_a_file_that_is_here_needs_no_download(
    packet: Path, tiny: dict[str, Path], hub: FakeHub, here: Cli, tmp_path: Path
) -> None:
    hub.stop()
    copy = shutil.copy(tiny["tiny-Q4_K_M.gguf"], tmp_path / "copy.gguf")
    assert here("prove", "--from", str(packet), str(copy)).returncode == 0
    other = here("prove", "--from", str(packet), str(tiny["tiny-Q8_0.gguf"]))
    assert other.returncode == 3 and "another model gives another story" in other.stderr
