"""`weighbridge runs` and `weighbridge doctor`."""

from __future__ import annotations

import getpass
import json
import platform
from pathlib import Path

import pytest
from program import Cli

from weighbridge.services.engine.mode_memory import known_mode, remember
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session


def closed_run(store: RunStore, deps: Deps) -> str:
    session = Session.create(store, deps)
    session._folder.close()
    return session.run.id


def test_runs_are_listed_shown_and_deleted(here: Cli, store: RunStore, deps: Deps) -> None:
    ids = [closed_run(store, deps) for _ in range(2)]
    rows = [json.loads(line) for line in here("runs", "--json").stdout.splitlines()]
    assert {row["id"] for row in rows} == set(ids) and rows[0]["steps"]["proof"] == "todo"
    shown = here("runs", "show", ids[0])
    assert "6 Proof" in shown.stdout and "not run" in shown.stdout
    refused = here("runs", "delete", ids[0])
    assert refused.returncode == 3 and "--yes" in refused.stderr and len(store.list()) == 2
    assert here("runs", "delete", ids[0], "--yes").returncode == 0
    assert [entry.id for entry in store.list()] == ids[1:]
    for action in ("show", "delete", "resume"):
        done = here("runs", action, ids[0])
        assert done.returncode == 2 and "There is no run" in done.stderr


def test_a_damaged_run_is_listed_with_its_problem_and_deleted(here: Cli, store: RunStore, deps: Deps) -> None:
    damaged = closed_run(store, deps)
    (store.runs / damaged / "run.json").write_text("{")
    assert f"{damaged}: The run {damaged} cannot be read" in here("runs").stdout
    assert here("runs", "show", damaged).returncode == 4
    assert here(stdin="q\n").returncode == 0, "the wizard starts a new run beside it"
    assert here("runs", "delete", damaged, "--yes").returncode == 0


def test_resume_goes_on_with_that_run(here: Cli, store: RunStore, deps: Deps) -> None:
    older, _newer = closed_run(store, deps), closed_run(store, deps)
    done = here("runs", "resume", older, "--plain", stdin="q\n")
    assert done.returncode == 0 and older in done.stdout


def test_doctor_tells_the_machine_and_no_names(here: Cli) -> None:
    report = json.loads(here("doctor", "--json").stdout)
    assert report["bundled_model"]["present"] is True and len(report["bundled_model"]["sha256"]) == 64
    assert report["data_folder"]["writable"] is True and report["packages"]["llama-cpp-python"]
    assert report["machine"]["usable_cores"] >= 1 and report["terminal"]["stdout_is_terminal"] is False
    text = here("doctor").stdout
    assert "llama-cpp-python" in text and "sha256" in text
    words = set(text.split())
    assert platform.node() not in words and (getpass.getuser() == "root" or getpass.getuser() not in words)


def test_doctor_tells_of_the_hub_what_is_set_and_never_the_token(
    here: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://me:password@127.0.0.1:9/hub?key=secret")
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 30)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = home / "models/acme--tiny/tiny.gguf"
    model.parent.mkdir(parents=True)
    model.write_bytes(bytes(3 << 20))
    done = here("doctor", "--json")
    told = json.loads(done.stdout)["hub"]
    assert told["endpoint"] == "http://127.0.0.1:9/hub" and told["token_is_set"] is True and told["offline"] is True
    assert told["models_bytes"] == 3 << 20 and told["models_folder"] and told["cache_folder"]
    text = here("doctor").stdout
    assert "3 MiB" in text
    assert not any(secret in done.stdout + text for secret in ("hf_x", "password", "secret"))


def test_doctor_writes_a_tilde_for_the_home_folder(cli: Cli, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "WEIGHBRIDGE_HOME": str(tmp_path / "mine")}
    done = cli("doctor", env=env)
    assert done.returncode == 0 and "~/mine" in done.stdout and str(tmp_path) not in done.stdout
    assert not (tmp_path / "mine").exists(), "a report changes nothing"


def test_doctor_says_why_the_data_folder_cannot_be_written(here: Cli, home: Path) -> None:
    home.write_text("a file")
    report = json.loads(here("doctor", "--json").stdout)
    assert report["data_folder"]["writable"] is False and report["data_folder"]["problem"] == "it is a file"


def test_doctor_forgets_the_engines_mode(here: Cli, home: Path) -> None:
    remember(home, "safe")
    assert json.loads(here("doctor", "--json").stdout)["engine"]["remembered_mode"] == "safe"
    assert json.loads(here("doctor", "--json", "--forget-engine-mode").stdout)["engine"]["remembered_mode"] is None
    assert known_mode(home) is None
