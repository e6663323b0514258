"""A built-in pack by its id, in a plan and in the line prompts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from program import STEPS_1_2

from weighbridge.domain.plan import EvalTable, Plan
from weighbridge.domain.problems import BadInput
from weighbridge.plain.wizard import walk
from weighbridge.services.cases.packs import built_in_pack, save_pack
from weighbridge.services.plans import pack_of
from weighbridge.services.runs.store import RunStore
from weighbridge.session import Deps, Session


def test_a_plan_names_a_pack_by_id_or_by_a_file_beside_it(tmp_path: Path) -> None:
    plan = tmp_path / "plans" / "plan.toml"
    plan.parent.mkdir()
    save_pack(built_in_pack("extraction"), plan.parent / "own.toml")
    assert pack_of(Plan(eval=EvalTable(cases="refusal")), plan) == built_in_pack("refusal")
    assert pack_of(Plan(eval=EvalTable(cases="own.toml")), plan) == built_in_pack("extraction")
    assert pack_of(Plan(), plan) is None
    with pytest.raises(BadInput, match="neither a built-in pack nor a cases file"):
        pack_of(Plan(eval=EvalTable(cases="refusals")), plan)


def test_the_line_prompts_take_a_pack_by_its_id(
    store: RunStore, deps: Deps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO(STEPS_1_2 + "\n" * 4 + "cases=refusal\ncases=refusals\nq\n"))
    session = Session.create(store, deps)
    walk(session)
    said = capfd.readouterr().out
    assert store.load(session.run.id).pack == built_in_pack("refusal")
    assert "cases (refusal) have to pass" in said and "refusals is neither a built-in pack" in said
