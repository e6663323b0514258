"""What is doubtful of a server's account stands beside the gate, and a cut prompt or another model warns."""

from __future__ import annotations

import pytest

from weighbridge.domain.verdict.cases import Policy
from weighbridge.domain.verdict.decision import CaseResult, judge
from weighbridge.domain.verdict.doubts import CUT, OTHER_MODEL, told

POLICY = Policy(pack="p", cases=2, min_pass=1, must_pass=(), cases_digest="0" * 64)
WAS_CUT = f"The server counted 5 tokens of a prompt that has 90: {CUT}"


def result(case: str, *doubts: str) -> CaseResult:
    return CaseResult(
        case=case, passed=True, reason="", output="x", must_pass=False, stop_reason="eos", ttft_s=None,
        decode_tokens_per_s=None, prompt_tokens=1, output_tokens=1, peak_rss_bytes=None, doubts=doubts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("doubt", "gate", "said"),
    [
        (WAS_CUT, "WARNED", "prompts most likely cut by the server: b"),
        (f"{OTHER_MODEL}gpt, and small was asked.", "WARNED", "answers that name another model: b"),
        ("The server says prompt_tokens: 0, which no prompt can have.", "PASSED", "2 of 2 passed, 1 were needed"),
    ],
)
def test_a_cut_prompt_and_another_model_warn(doubt: str, gate: str, said: str) -> None:
    made = judge([result("a"), result("b", doubt)], POLICY)
    assert (made.gate, made.reasons) == (gate, (said,))


def test_each_doubt_is_told_once_with_its_cases() -> None:
    assert told([result("a", WAS_CUT), result("b", WAS_CUT), result("c")]) == (f"{WAS_CUT} (cases a, b)",)
    many = told([result(str(n), f"doubt {n}") for n in range(30)])
    assert len(many) == 21 and many[-1] == "10 more are in the results."
