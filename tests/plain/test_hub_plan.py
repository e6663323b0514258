"""`prove` and `run` with a model of the Hub: weighed, allowed, downloaded, and only then started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from fakes import Script
from program import Cli

from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.session import Deps

REPO = "acme/tiny-GGUF"
SMALL = "tiny-Q4_K_M.gguf"


@pytest.fixture(autouse=True)
def scripted(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program in this process, on a scripted runtime."""
    for verb in ("plan", "prove"):
        monkeypatch.setattr(f"weighbridge.plain.verbs.{verb}.real_deps", lambda: deps)


def test_a_proof_downloads_exactly_the_pinned_file_first(here: Cli, hub: FakeHub, script: Script) -> None:
    done = here("prove", f"{REPO}:{SMALL}", "--kv-type", "q8_0", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["outcome"] == "completed" and summary["settings"]["kv_type"] == "q8_0"
    assert summary["model"]["revision"] == hub.repos[REPO].sha and len(summary["model"]["sha256"]) == 64
    assert summary["forecast"]["kv_type"] == "q8_0"
    assert script.launches[0].model_path.endswith(f"{hub.repos[REPO].sha}/{SMALL}")
    human = here("prove", f"{REPO}:{SMALL}").stdout
    assert f"{REPO}@{hub.repos[REPO].sha}" in human and "kv_type" in human


def test_a_model_that_does_not_fit_is_refused_before_it_is_downloaded(here: Cli, hub: FakeHub, script: Script) -> None:
    done = here("prove", f"{REPO}:{SMALL}", "--ctx", "16000000")
    assert done.returncode == 3 and "are available" in done.stderr and not script.launches
    assert hub.bytes_sent(r"resolve/.*\.gguf") < 1 << 20


def plan(repo: str, *lines: str) -> str:
    return "\n".join(("[constraints]", "commercial_use = true", "[model]", f'use = "{repo}"', "[card]", *lines)) + "\n"


def test_a_plan_with_a_model_of_the_hub_ends_in_a_packet(here: Cli, hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(plan(REPO) + '[runtime]\nkv_type = "q8_0"\n')
    done = here("run", "plan.toml", "-o", "packet", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["model"]["repo"] == REPO and told["model"]["revision"] == hub.repos[REPO].sha
    assert verify_packet(tmp_path / "packet").ok
    assert f"No file is named. Recommended: {SMALL}" in done.stderr


def test_a_licence_that_does_not_cover_the_use_is_exit_3_with_three_ways_out(
    here: Cli, hub: FakeHub, script: Script, tiny: dict[str, Path], tmp_path: Path
) -> None:
    hub.add("acme/nc-GGUF", {"README.md": "---\nlicense: cc-by-nc-4.0\n---\n# NC\n", SMALL: tiny["plain"]})
    (tmp_path / "plan.toml").write_text(plan("acme/nc-GGUF"))
    refused = here("run", "plan.toml", "-o", "packet")
    assert refused.returncode == 3 and not refused.stdout and "cc-by-nc-4.0" in refused.stderr
    assert "accept_licence_risk" in refused.stderr and "Choose another model" in refused.stderr
    assert not script.launches and not (tmp_path / "packet").exists()
    assert hub.bytes_sent(r"resolve/.*\.gguf") < 1 << 20, "nothing is downloaded for a model that may not be used"
    (tmp_path / "plan.toml").write_text(plan("acme/nc-GGUF", 'accept_licence_risk = "we bought a licence"'))
    assert here("run", "plan.toml", "-o", "packet").returncode == 0
    assert "we bought a licence" in "".join(path.read_text() for path in (tmp_path / "packet/data").glob("*.json"))
    (tmp_path / "plan.toml").write_text(plan("acme/nc-GGUF", 'licence = "mit"'))
    assert here("run", "plan.toml", "-o", "typed").returncode == 0


def test_a_planned_route_pins_the_revision_and_needs_no_file(here: Cli, hub: FakeHub, tmp_path: Path) -> None:
    route = '[constraints]\navailable_route = "rented_gpu"\nneeds_service_api = true\nbudget_level = "small"\n'
    (tmp_path / "plan.toml").write_text(f'{route}[model]\nuse = "{REPO}@main"\n')
    done = here("run", "plan.toml", "-o", "packet", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"]["revision"] == hub.repos[REPO].sha
    assert not hub.bytes_sent(r"resolve/.*\.gguf")
