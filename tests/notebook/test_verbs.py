"""`weighbridge notebook` and `weighbridge import` from the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from ran_notebook import PLAN, Ran, executed, write_plan

from weighbridge.cli import main
from weighbridge.services.runs.store import RunStore


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are named from the test's own folder."""
    monkeypatch.chdir(tmp_path)


def test_a_plan_becomes_a_notebook_and_its_run_waits(
    home: Path, tmp_path: Path, ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(tmp_path / "plan")
    assert main(["notebook", "plan/plan.toml", "-o", "proof.ipynb"]) == 0
    assert (tmp_path / "proof.ipynb").read_text(encoding="utf-8") == ran.text
    (entry,) = RunStore(home).list()
    assert entry.run is not None and entry.run.planned
    said = capsys.readouterr().out
    assert f"--into {entry.id}" in said and "Runtime > Run all" in said
    (tmp_path / "proof_output.ipynb").write_bytes(executed(ran))
    assert main(["import", "proof_output.ipynb", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == entry.id
    assert main(["import", "proof_output.ipynb"]) == 0
    said = capsys.readouterr().out
    assert "Google Colab, T4" in said and "PASSED, 5 of 5 passed" in said and "Notebook link" in said
    assert main(["import", "proof_output.ipynb", "--into", "99999999"]) == 2
    assert "There is no run '99999999'" in capsys.readouterr().err


def test_a_packet_that_no_run_here_planned(tmp_path: Path, ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "packet.zip").write_bytes(ran.packed)
    assert main(["import", "packet.zip"]) == 2
    assert "No run on this machine has planned a notebook" in capsys.readouterr().err
    write_plan(tmp_path / "plan", PLAN.replace("n_ctx = 512", "n_ctx = 1024"))
    assert main(["notebook", "plan/plan.toml", "-o", "proof.ipynb"]) == 0
    assert main(["import", "packet.zip"]) == 2
    assert "made with other settings: n_ctx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        (("free_colab", "local_cpu"), (), "available_route"),
        (("[runtime]", "[model]\nuse = 'own.gguf'\n[runtime]"), (), "own.gguf"),
        (("", ""), ("--gpu", "T5"), "'T5' is no accelerator"),
        (("", ""), ("--time-limit", "0"), "is no time limit"),
    ],
)
def test_what_makes_no_notebook_leaves_no_run(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: tuple[str, str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    write_plan(tmp_path / "plan", PLAN.replace(*change) if change[0] else PLAN)
    assert main(["notebook", "plan/plan.toml", "-o", "proof.ipynb", *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not os.path.exists("proof.ipynb") and RunStore(home).list() == []


def test_run_without_the_command_makes_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(tmp_path / "plan")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["notebook", "plan/plan.toml", "-o", "proof.ipynb", "--run", "--gpu", "t4"]) == 4
    assert "no `colab` command on PATH" in capsys.readouterr().err
    assert not (tmp_path / "proof.ipynb").exists() and RunStore(home).list() == []


def test_a_notebook_that_is_there_stays_and_one_plan_has_one_waiting_run(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = write_plan(tmp_path / "plan")
    assert main(["notebook", "plan/plan.toml", "-o", "one.ipynb"]) == 0
    (tmp_path / "ran.ipynb").write_text("as it ran", encoding="utf-8")
    assert main(["notebook", "plan/plan.toml", "-o", "ran.ipynb"]) == 2
    assert "ran.ipynb exists already" in capsys.readouterr().err
    assert (tmp_path / "ran.ipynb").read_text(encoding="utf-8") == "as it ran"
    assert main(["notebook", "plan/plan.toml", "-o", "two.ipynb"]) == 0
    (entry,) = RunStore(home).list()
    assert f"is the notebook of the run {entry.id}" in capsys.readouterr().out
    plan.write_text(PLAN.replace("n_ctx = 512", "n_ctx = 1024"), encoding="utf-8")
    assert main(["notebook", "plan/plan.toml", "-o", "three.ipynb"]) == 0
    assert len(RunStore(home).list()) == 2
