"""The gate. What it unlocks is in test_rules.py."""

from __future__ import annotations

import pytest

from weighbridge.domain.proof.noise import Mark, Noise
from weighbridge.domain.verdict.cases import Policy
from weighbridge.domain.verdict.decision import CaseResult, judge

POLICY = Policy(pack="p", cases=5, min_pass=4, must_pass=("c0",), cases_digest="0" * 64)


def results(*passed: bool, stop: str = "eos") -> list[CaseResult]:
    return [
        CaseResult(
            case=f"c{i}",
            passed=ok,
            reason="",
            output="x",
            must_pass=i == 0,
            stop_reason=stop,
            ttft_s=None,
            decode_tokens_per_s=None,
            prompt_tokens=1,
            output_tokens=1,
            peak_rss_bytes=None,
        )
        for i, ok in enumerate(passed)
    ]


def test_gate_passes_at_the_threshold() -> None:
    gate = judge(results(True, True, True, True, False), POLICY)
    assert (gate.gate, gate.passed, gate.total) == ("PASSED", 4, 5)
    assert (gate.interval.low, gate.interval.high) == pytest.approx((0.376, 0.964), abs=1e-3)


def test_a_failed_must_pass_case_fails_the_gate_and_is_named() -> None:
    gate = judge(results(False, True, True, True, True), POLICY)
    assert gate.gate == "FAILED"
    assert any("c0" in reason for reason in gate.reasons)


def test_an_answer_cut_short_is_a_warning() -> None:
    assert judge(results(*[True] * 5, stop="max_tokens"), POLICY).gate == "WARNED"


def test_a_gate_needs_every_case() -> None:
    with pytest.raises(ValueError, match="4 results for 5 cases"):
        judge(results(*[True] * 4), POLICY)


MARKS: tuple[Mark, ...] = ("quiet", "contended", "unknown")
NOISE = {mark: Noise(mark=mark, reasons=()) for mark in MARKS}


@pytest.mark.parametrize(("noise", "gate"), [("quiet", "PASSED"), ("unknown", "PASSED"), ("contended", "WARNED")])
def test_a_busy_machine_makes_a_passed_gate_a_warning(noise: Mark, gate: str) -> None:
    made = judge(results(*[True] * 5), POLICY, NOISE[noise])
    assert made.gate == gate
    assert any("busy" in reason for reason in made.reasons) == (noise == "contended")


def test_answers_that_differ_are_a_warning_that_names_the_case() -> None:
    one, *others = results(*[True] * 5)
    made = judge([one.model_copy(update={"unstable": True, "repeats": 3}), *others], POLICY)
    assert made.gate == "WARNED"
    assert any("temperature 0: c0" in reason for reason in made.reasons)


def test_a_failed_gate_stays_failed_on_a_busy_machine() -> None:
    made = judge(results(*[False] * 5), POLICY, NOISE["contended"])
    assert made.gate == "FAILED"
    assert ["must-pass" in why for why in made.reasons] == [True, False, False], "what failed it comes first"
    assert "are needed" in made.reasons[1] and "busy" in made.reasons[2]
