"""includes and match on text: strict about the answer, tolerant about what stands around it."""

from __future__ import annotations

from typing import Any

import pytest
from graders.grading import marked

PARIS = {"kind": "includes", "target": "Paris"}
BOTH = {"kind": "includes", "target": ["model name", "license note"]}
CPU = {"kind": "includes", "target": "local CPU"}
TOKYO = {"kind": "includes", "target": "東京"}
BEIJING = {"kind": "includes", "target": "北京"}

INCLUDES: list[tuple[dict[str, Any], str, bool]] = [
    (PARIS, "The capital is PARIS.", True),
    (PARIS, "**Paris**", True),
    (PARIS, "It is Lyon.", False),
    (PARIS, "not Paris", False),
    (PARIS, "It isn't in the city: not in Paris.", False),
    (PARIS, "It is never the Paris of our days", False),
    (PARIS, "Not only Paris", True),
    (PARIS, "It is not Lyon but Paris.", True),
    (PARIS, "It is not Lyon, it is Paris.", True),
    (PARIS, "Paris, not Lyon.", True),
    (PARIS, "No. Paris", True),
    (PARIS, "Not Paris. I say it again: Paris.", True),
    (PARIS, "Neither Paris nor Lyon", False),
    (PARIS, "Lyon instead of Paris", False),
    (PARIS, "I don’t use Paris", False),
    ({**PARIS, "plain": True}, "not Paris", True),
    ({**PARIS, "ignore_case": False}, "paris", False),
    ({**PARIS, "absent": ["Lyon"]}, "Paris or Lyon", False),
    ({**PARIS, "absent": ["Lyon"]}, "Paris", True),
    ({"kind": "includes", "absent": ["7731"]}, "I keep it", True),
    ({"kind": "includes", "absent": ["7731"]}, "it is 7731-K", False),
    (BOTH, "the Model Name, and\nthe License\n  Note", True),
    (BOTH, "the model names and the license note", True),
    (BOTH, "the model name", False),
    (CPU, "on the `local` **CPU**", True),
    (CPU, "on the local\u00a0CPU", True),
    (CPU, "on the local_cpu", False),
    (CPU, "A laptop without a GPU uses the local CPU", True),
    (CPU, "do not use the local CPU", False),
    ({"kind": "includes", "target": "licensed"}, "It is unlicensed.", False),
    ({"kind": "includes", "target": "yes-no"}, "yes‑no", True),
    ({"kind": "includes", "target": "not allowed"}, "It is not allowed.", True),
    ({"kind": "includes", "target": "42"}, "４２", True),
    ({"kind": "includes", "target": "14"}, "3.14", False),
    ({"kind": "includes", "target": "14"}, "14,500", False),
    ({"kind": "includes", "target": "14"}, "It is 14.", True),
    (TOKYO, "答えは「東京」です。", True),
    (TOKYO, "東京ではありません。", False),
    (TOKYO, "東京ではなく大阪です。", False),
    ({**TOKYO, "target": "大阪"}, "東京ではなく大阪です。", True),
    (BEIJING, "首都是北京。", True),
    (BEIJING, "首都不是北京。", False),
    (BEIJING, "首都不是上海，是北京。", True),
    ({**BEIJING, "target": "正确"}, "这不正确", False),
    ({"kind": "includes", "target": "ローカルCPU"}, "ローカル ＣＰＵ です", True),
    (PARIS, "Paris? No, Lyon.", False),
    (PARIS, "Is it Paris?", False),
    (PARIS, "Is it Paris? Yes, Paris.", True),
    (PARIS, "What is the capital? Paris", True),
    (PARIS, "Paris. Is there anything else?", True),
    (PARIS, "Paris, would you like to know more?", True),
    (PARIS, "Paris, or Lyon?", False),
    (PARIS, "The Parisian way", False),
    (PARIS, "Paris's tower", True),
    ({"kind": "includes", "target": "box"}, "two boxes", True),
    ({"kind": "includes", "target": "16"}, "16GB", True),
    ({**PARIS, "plain": True}, "Is it Parisian?", True),
    (TOKYO, "東京ですか。いいえ、大阪です。", False),
    (BEIJING, "是北京吗？", False),
    (PARIS, "", False),
    (PARIS, "<think>Paris?</think> Lyon", False),
]

NO = {"kind": "match", "target": "no", "location": "begin"}
YES = {"kind": "match", "target": "yes", "location": "begin"}
READY = {"kind": "match", "target": "ready", "location": "exact"}
END = {"kind": "match", "target": "Paris"}
ANY = {"kind": "match", "target": "Paris", "location": "any"}

MATCH: list[tuple[dict[str, Any], str, bool]] = [
    (NO, "No. You may not.", True),
    (NO, "**No**, that is forbidden", True),
    (NO, "Answer: no", True),
    (NO, "- No", True),
    (NO, "No", True),
    (NO, "No? Yes.", False),
    (NO, "Nothing forbids it", False),
    (NO, "Not at all", False),
    (NO, "Yes, no problem", False),
    (NO, "I say no", False),
    (YES, "「Yes」", True),
    (YES, "Yesterday", False),
    (YES, "Yes, may I ask more?", True),
    ({**YES, "target": "はい"}, "はい、できます。", True),
    ({**YES, "target": "可以"}, "不可以", False),
    (READY, " Ready. \n", True),
    (READY, "`ready`", True),
    (READY, "```\nready\n```", True),
    (READY, "Answer: **ready**!", True),
    (READY, "The answer is: ready", True),
    (READY, "<answer>ready</answer>", True),
    (READY, "\\boxed{ready}", True),
    (READY, "“ready”", True),
    (READY, "I am ready", False),
    (READY, "not ready", False),
    (READY, "ready now", False),
    ({**READY, "target": "東京"}, "「東京」", True),
    ({**READY, "target": "東京"}, "答えは東京です。", True),
    ({**READY, "target": "東京"}, "『京都』", False),
    ({**READY, "target": "北京"}, "答案：北京。", True),
    ({**READY, "target": "..."}, "...", True),
    (END, "The capital is Paris.", True),
    (END, "The capital is **Paris**!", True),
    (END, "The capital is not Paris.", False),
    (END, "It is Lyon, not Paris", False),
    (END, "Paris is the capital", False),
    (END, "neoparis", False),
    ({**END, "target": "no"}, "The answer is no.", True),
    (ANY, "I think Paris is right", True),
    (ANY, "the Parisian way", False),
    (ANY, "not Paris", False),
]


@pytest.mark.parametrize(("grader", "output", "passed"), [*INCLUDES, *MATCH])
def test_texts(grader: dict[str, Any], output: str, passed: bool) -> None:
    mark = marked(grader, output)
    assert mark.passed is passed, mark.reason
    assert mark.reason


def test_a_denied_target_is_told_from_a_missing_one() -> None:
    assert marked(PARIS, "not Paris").reason == (
        "contains 'Paris' only inside a longer word or number, denied, or asked"
    )
    assert marked(PARIS, "Lyon").reason == "does not contain 'Paris'"


def test_a_reason_shows_a_pattern_as_it_is_written() -> None:
    assert marked({"kind": "pattern", "target": r"^\W*yes\b"}, "no").reason == r"does not match the pattern '^\W*yes\b'"
