"""`weighbridge run PLAN -o DIR`: from a file to a packet that verifies, or to a sentence that names the line."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from fakes import Script
from program import DATA, Cli

from weighbridge import cli as program
from weighbridge.domain.model.card import FIELDS
from weighbridge.domain.plan import CardTable
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.session import Deps


def test_the_example_plan_ends_in_a_packet_that_verifies(cli: Cli, packet: Path) -> None:
    done = cli("verify", str(packet))
    assert done.returncode == 0 and "DOES NOT HOLD" not in done.stdout
    for manifest in () if shutil.which("sha256sum") is None else ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "-c", "--quiet", manifest], cwd=packet, check=True, timeout=300)
    told = json.loads((packet.parent / "stdout").read_text())
    assert told["packet"] == str(packet) and told["complete"] is True and told["missing"] == []
    assert len(told["eval"]["results"]) >= 5 and told["decision"]["choice"]
    assert told["proof"]["attempts"][-1]["outcome"] == "completed"
    assert json.loads(cli("verify", str(packet), "--json").stdout)["seal"] == told["seal"]
    facts = json.loads((packet / "data/model/card-facts.json").read_text())
    assert "read on the model card" in json.dumps(facts)
    assert "case laptop-01: " in (packet.parent / "stderr").read_text()


def test_verify_names_what_was_changed_added_or_taken_away(cli: Cli, packet: Path, tmp_path: Path) -> None:
    for change in ("changed", "added", "missing"):
        copy = tmp_path / change
        shutil.copytree(packet, copy)
        target = copy / "data/policy.json"
        if change == "changed":
            raw = bytearray(target.read_bytes())
            raw[len(raw) // 2] ^= 1
            target.write_bytes(raw)
        elif change == "added":
            (copy / "data/extra.txt").write_text("x")
        else:
            target.unlink()
        done = cli("verify", str(copy))
        assert done.returncode == 5
        wrong = [line for line in done.stdout.splitlines() if line.startswith("DOES NOT HOLD")]
        name = "extra.txt" if change == "added" else "policy.json"
        assert any(name in line for line in wrong), done.stdout
    assert cli("verify", str(tmp_path / "nothing")).returncode == 2


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ("[runtime]\nn_ctxx = 512\n", "plan.toml, line 2: runtime.n_ctxx: unknown key, perhaps 'n_ctx' is meant"),
        ('[runtime]\n\nn_ctx = "512"\n', "plan.toml, line 3: runtime.n_ctx: '512' is not a whole number"),
        ("[runtime]\nseed = true\n", "plan.toml, line 2: runtime.seed: true is not a whole number"),
        ("[constraints]\nneeds_service_api = 1\n", "line 2: constraints.needs_service_api: 1 is not true or false"),
        ('[constraints]\nprivacy = "secret"\n', "line 2: constraints.privacy: 'secret' is not one of"),
        ("[modell]\n", "plan.toml, line 1: modell: unknown key, perhaps 'model' is meant"),
        ("[decision]\nreason = 'because'\n", "a reason needs its choice"),
        ("[model]\nuse = \n", "plan.toml, line 2: not valid TOML"),
        ("[eval]\ncases = 'none.toml'\n", "There is no cases file"),
        ("[eval]\nmin_pass = 99\n", "the threshold is 99, but there are"),
        ("[eval]\ntime_limit_s = 0\n", "time_limit_s: must be more than 0"),
        ("[model]\nuse = 'none.gguf'\n", "there is no file none.gguf"),
    ],
)
def test_a_bad_plan_is_a_line_and_a_fix(here: Cli, tmp_path: Path, plan: str, says: str) -> None:
    (tmp_path / "plan.toml").write_text(plan)
    done = here("run", "plan.toml", "-o", "packet")
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert not (tmp_path / "packet").exists() and "There are no runs yet" in here("runs").stdout


CASE = '[[case]]\nid = "case-%d"\nprompt = "Say yes."\n[case.grader]\nkind = "includes"\ntarget = "yes"\n'


@pytest.mark.parametrize(
    ("cases", "says"),
    [
        ('id = "mine"\n' + "".join(CASE % n for n in range(4)), "4 cases; at least 5 fixed cases are needed"),
        (
            'id = "mine"\n' + CASE.replace("target", "tarket") % 1,
            "mine.toml, line 7: case[0].grader.tarket: unknown key",
        ),
        ('id = "mine"\n' + CASE.replace('"yes"', "7") % 1, "mine.toml, line 7: "),
    ],
)
def test_bad_cases_are_a_line_and_a_fix(here: Cli, tmp_path: Path, cases: str, says: str) -> None:
    place = tmp_path / "beside"
    place.mkdir()
    (place / "mine.toml").write_text(cases)
    (place / "plan.toml").write_text('[eval]\ncases = "mine.toml"\n')
    done = here("run", str(place / "plan.toml"), "-o", "packet")
    assert done.returncode == 2 and says in done.stderr, done.stderr


def test_a_folder_that_holds_something_is_refused_before_anything_runs(here: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("three years")
    done = here("run", str(DATA / "plan.toml"), "-o", "mine")
    assert done.returncode == 2 and "exists already" in done.stderr and len(done.stderr.splitlines()) == 2
    assert (tmp_path / "mine/thesis.txt").read_text() == "three years"
    assert "There are no runs yet" in here("runs").stdout


def test_a_rented_route_ends_in_a_planned_packet(here: Cli, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(
        '[constraints]\navailable_route = "rented_gpu"\nneeds_service_api = true\nbudget_level = "small"\n'
        '[model]\nuse = "Qwen/Qwen2.5-7B-Instruct@main"\n'
        '[plan]\nruntime = "vLLM"\ncost_per_hour = "0.40 USD"\nstop_command = "provider stop 1"\n'
    )
    done = here("run", "plan.toml", "-o", "packet", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["planned"] is True and told["proof"] is None and "endpoint" in told["missing"]
    assert here("verify", "packet").returncode == 0


@pytest.fixture
def scripted(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> Deps:
    """The program in this process, on a scripted runtime."""
    monkeypatch.setattr("weighbridge.plain.verbs.plan.real_deps", lambda: deps)
    return deps


def run(tmp_path: Path, plan: str) -> int:
    (tmp_path / "plan.toml").write_text(plan)
    return program.main(["run", str(tmp_path / "plan.toml"), "-o", str(tmp_path / "packet")])


def test_an_engine_that_fails_is_a_packet_and_exit_4(
    scripted: Deps, script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.crash_in_default_mode = script.crash_in_safe_mode = "SIGILL"
    assert run(tmp_path, "") == 4
    assert "The engine died (SIGILL)." in capsys.readouterr().err
    assert verify_packet(tmp_path / "packet").ok


def test_a_prompt_that_is_longer_than_the_context_is_wrong_input(
    scripted: Deps, script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script.overlong, script.chat_template = True, None
    assert run(tmp_path, "[runtime]\nn_ctx = 16384\n") == 2
    said = capsys.readouterr().err
    assert "leaves no room in a context of 16,384" in said
    assert "is longer than the 8,192 that the model was trained for" in said
    assert said.count("prompts go in raw") == 1 and verify_packet(tmp_path / "packet").ok


def test_a_decision_that_the_evidence_does_not_allow_is_refused(
    scripted: Deps, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, '[decision]\nchoice = "keep"\nreason = "I like it"\n') == 3
    said = capsys.readouterr()
    assert "keep is not allowed" in said.err and "is saved" in said.err
    assert not (tmp_path / "packet").exists()


def test_a_choice_against_the_recommendation_needs_its_reason(
    scripted: Deps, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, '[decision]\nchoice = "stop"\n') == 3
    assert "Say why" in capsys.readouterr().err
    assert run(tmp_path, '[decision]\nchoice = "stop"\nreason = "no budget"\n') == 0
    decision = (tmp_path / "packet/data/decision.json").read_text()
    assert "no budget" in decision


def test_every_card_field_can_stand_in_a_plan() -> None:
    assert list(CardTable.model_fields) == [*(field.name for field in FIELDS), "accept_licence_risk"]
