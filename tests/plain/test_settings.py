"""Settings of a proof by option and by plan: the same words, and one sentence for a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import Script
from program import Cli

from weighbridge.domain.problems import BadInput
from weighbridge.services.plans import load_plan
from weighbridge.session import Deps

OPTIONS = {
    "--threads": ("n_threads", "1", 1), "--threads-batch": ("n_threads_batch", "1", 1),
    "--ubatch": ("n_ubatch", "64", 64), "--flash-attn": ("flash_attn", "on", "on"), "--repeats": ("repeats", "3", 3),
}  # fmt: skip


@pytest.fixture
def scripted(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> Deps:
    monkeypatch.setattr("weighbridge.plain.verbs.prove.real_deps", lambda: deps)
    return deps


def test_every_option_is_its_setting(scripted: Deps, script: Script, here: Cli) -> None:
    words = [word for option, (_, typed, _) in OPTIONS.items() for word in (option, typed)]
    done = here("prove", "bundled", "--json", "--prefix-reuse", *words)
    assert done.returncode == 0, done.stderr
    settings = json.loads(done.stdout.splitlines()[-1])["settings"]
    assert {name: settings[name] for name, _, _ in OPTIONS.values()} == {n: v for n, _, v in OPTIONS.values()}
    assert settings["prefix_reuse"] is True and script.launches[-1].settings.n_ubatch == 64


def test_threads_are_measured_unless_they_are_fixed(scripted: Deps, script: Script, here: Cli) -> None:
    assert here("prove", "bundled").returncode == here("prove", "bundled", "--threads", "auto").returncode == 0
    assert [launch.settings.n_threads for launch in script.launches] == [None, None]


@pytest.mark.parametrize(
    "option",
    [
        ("--threads", "0"), ("--threads", "100000"), ("--threads", "many"), ("--threads", "1000"),
        ("--threads-batch", "1000"), ("--ubatch", "0"), ("--ubatch", "513"), ("--flash-attn", "perhaps"),
        ("--repeats", "0"), ("--repeats", "101"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_one_sentence(here: Cli, option: tuple[str, str]) -> None:
    done = here("prove", "bundled", *option)
    assert done.returncode == 2 and len(done.stderr.splitlines()) <= 2 and not done.stdout


def test_threads_that_are_no_number_may_be_auto(here: Cli) -> None:
    said = here("prove", "bundled", "--threads", "automatic").stderr
    assert "auto: chosen by measurement" in said and "'automatic' is not a whole number or auto." in said
    assert "null" not in said and "or auto" not in here("prove", "bundled", "--seed", "automatic").stderr


PLAN = """\
[runtime]
n_threads = {threads}
n_threads_batch = 1
n_ubatch = 64
flash_attn = "off"
repeats = 2
prefix_reuse = true
"""


def test_a_plan_names_the_same_settings(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN.format(threads='"auto"'))
    assert load_plan(tmp_path / "plan.toml").runtime.settings == {
        "n_threads": "auto", "n_threads_batch": "1", "n_ubatch": "64", "flash_attn": "off", "repeats": "2",
        "prefix_reuse": "True",
    }  # fmt: skip


@pytest.mark.parametrize("batch", ["n_batch = 64\nn_ubatch = 128", "n_ubatch = 1024", "n_batch = 64\nn_ubatch = 512"])
def test_a_micro_batch_of_a_plan_fits_into_the_batch(tmp_path: Path, batch: str) -> None:
    (tmp_path / "plan.toml").write_text(f"[runtime]\n{batch}\n")
    with pytest.raises(BadInput, match=r"plan\.toml, line 1: runtime: .* is more than the batch"):
        load_plan(tmp_path / "plan.toml")
    (tmp_path / "plan.toml").write_text("[runtime]\nn_batch = 64\n")
    assert load_plan(tmp_path / "plan.toml").runtime.ubatch == 64


@pytest.mark.parametrize("threads", ['"2"', "0", "true", '"many"'])
def test_threads_of_a_plan_are_a_number_or_auto(tmp_path: Path, threads: str) -> None:
    (tmp_path / "plan.toml").write_text(PLAN.format(threads=threads))
    with pytest.raises(BadInput, match=r"plan\.toml, line 2: runtime\.n_threads: "):
        load_plan(tmp_path / "plan.toml")
