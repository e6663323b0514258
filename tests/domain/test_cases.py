"""Packs of cases: at least five, each with one id, and a digest that changes with any of them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from weighbridge.domain.verdict.cases import CasePack


def pack(**changes: Any) -> dict[str, Any]:
    cases = [
        {"id": f"c{i}", "prompt": "Q", "grader": {"kind": "includes", "target": "A"}, "must_pass": i == 0}
        for i in range(6)
    ]
    return {"id": "mine", "case": cases, **changes}


def test_a_pack_without_a_policy_asks_for_four_fifths() -> None:
    policy = CasePack.model_validate(pack()).default_policy()
    assert (policy.min_pass, policy.cases, policy.must_pass) == (5, 6, ("c0",))


def test_fewer_than_five_cases_are_refused() -> None:
    with pytest.raises(ValidationError, match="4 cases; at least 5"):
        CasePack.model_validate(pack(case=pack()["case"][:4]))


def test_two_cases_with_one_id_are_refused() -> None:
    cases = pack()["case"]
    cases[3]["id"] = "c1"
    with pytest.raises(ValidationError, match="two cases have the id 'c1'"):
        CasePack.model_validate(pack(case=cases))


def test_a_threshold_that_cannot_be_reached_is_refused() -> None:
    with pytest.raises(ValidationError, match="min_pass is 7, but there are 6 cases"):
        CasePack.model_validate(pack(policy={"min_pass": 7}))


def test_a_pattern_that_does_not_compile_is_refused() -> None:
    cases = pack()["case"]
    cases[0]["grader"] = {"kind": "pattern", "target": "("}
    with pytest.raises(ValidationError, match="not a regular expression"):
        CasePack.model_validate(pack(case=cases))


@pytest.mark.parametrize("change", [{"prompt": "Q2"}, {"must_pass": True}, {"context": "C"}, {"max_tokens": 9}])
def test_any_change_of_a_case_changes_the_digest(change: dict[str, Any]) -> None:
    cases = pack()["case"]
    cases[3] = {**cases[3], **change}
    assert CasePack.model_validate(pack(case=cases)).digest != CasePack.model_validate(pack()).digest


def test_the_title_is_no_part_of_the_digest() -> None:
    assert CasePack.model_validate(pack(title="T")).digest == CasePack.model_validate(pack()).digest
