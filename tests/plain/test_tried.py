"""Tries by line and in a plan: refused where nothing failed, on record where it did, and LoRA with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import Script
from program import STEPS_1_2, Cli, Typed

from weighbridge.session import Deps

CASE = '[[case]]\nid = "case-%d"\nprompt = "Say yes."\n[case.grader]\nkind = "includes"\ntarget = "yes"\n'
PLAN = """
[eval]
cases = "mine.toml"
[decision]
choice = "LoRA"
reason = "the form has to change"
tried = [{ what = "prompt", note = "asked for one word" }, { what = "rag", note = "the handbook" }]
"""


@pytest.fixture(autouse=True)
def cases(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('id = "mine"\n' + "".join(CASE % n for n in range(5)))


def test_a_try_is_typed_and_unlocks_lora(typed: Typed, script: Script) -> None:
    script.answer = lambda request: "no"
    tries = "tried rag=\ntried Prompt = one word\n"
    _, said, run = typed(f"{STEPS_1_2}\n\n\n\ncases=mine.toml\n\n\n{tries}LoRA\nthe form\nq\n")
    locked = said.index("LoRA: not allowed; the baseline FAILED, and nothing else was tried")
    assert locked < said.index("! No RAG is on record as tried.") < said.index("LoRA: allowed; ")
    assert "tried: prompt, one word (no result yet)" in said
    assert "None of 5 passed: at 95 % at most 45 % of cases like these would." in said
    assert "stopping is always allowed. So far: 2 jobs" in said
    assert run.verdict is not None and run.verdict.choice == "LoRA" and run.tried[0].note == "one word"


def test_a_plan_can_name_what_was_tried(
    here: Cli, deps: Deps, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weighbridge.plain.verbs.plan.real_deps", lambda: deps)
    (tmp_path / "plan.toml").write_text(PLAN)
    script.answer = lambda request: "no"
    done = here("run", "plan.toml", "-o", "packet")
    assert done.returncode == 0, done.stderr
    file = json.loads((tmp_path / "packet/data/decision.json").read_text())
    assert file["verdict"]["choice"] == "LoRA" and file["recommended"] == "switch"
    assert [one["what"] for one in file["tried"]] == ["prompt", "rag"]
    script.answer = lambda request: "yes"
    passed = here("run", "plan.toml", "-o", "other")
    assert passed.returncode == 3 and "LoRA is not allowed: no eval of these cases" in passed.stderr
    assert "not on record as tried (prompt): There is no failed baseline" in passed.stderr
    (tmp_path / "plan.toml").write_text(PLAN.replace('"rag"', '"rga"'))
    assert "line 7" in here("run", "plan.toml", "-o", "third").stderr
