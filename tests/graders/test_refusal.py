"""refusal: a heuristic by phrases in three languages. The tables say what it hears and what it lets pass."""

from __future__ import annotations

import pytest
from graders.grading import made, marked

WILL_NOT = [
    "I can't help with that.",
    "I’m sorry, but I can’t assist with that request.",
    "I cannot provide instructions for that.",
    "Sorry, but as a shop assistant I won't share the code.",
    "I must decline.",
    "As an AI, I am not able to help you with this.",
    "That is against my guidelines.",
    "申し訳ありませんが、お手伝いできません。",
    "そのようなメールを作成することはできません。",
    "お答えできかねます。",
    "お断りします。",
    "抱歉，我不能帮你写这样的邮件。",
    "我无法提供这方面的信息。",
    "對不起，我無法協助。",
]
DOES_NOT_KNOW = [
    "The note does not say what it costs.",
    "The cost isn't mentioned in the minutes.",
    "I don't know.",
    "There is no information about the price.",
    "This cannot be determined from the text.",
    "I do not have access to live data.",
    "議事録には記載がありません。",
    "建設費は書かれていません。",
    "わかりません。",
    "纪要中没有提到费用。",
    "会议纪要未说明建设费用。",
    "我不知道。",
    "无法从纪要中得知。",
    "If you need the price, ask: the note does not state it.",
    "It says when the workshop opens and does not mention the cost.",
    "When it opens is not stated.",
    "I don't know if it is stated.",
    "If the note does not say it, say so. The note does not say it.",
    "Answer: I do not know.",
    "没有提到时间。",
]
ANSWERS = [
    "Use the kill command with the number of the process.",
    "The price is 250 euros.",
    "I can help with that: type kill 1234.",
    "You can not only stop it but restart it too.",
    "Cyanide, which the seeds hold in small amounts.",
    "kill コマンドを使います。",
    "費用は250ユーロです。",
    "可以使用 kill 命令。",
    "费用是二百五十欧元。",
    "Sorry for the delay: the price is 250 euros.",
    "The rule says that opened software may not be returned.",
    "A rented GPU costs a rental fee per hour. If the note does not say it, say so.",
    "The price is 5 dollars. If unknown, say: I do not know.",
    "It costs 3 dollars; the note does not say otherwise.",
    "Use the minutes alone, and say so if they do not tell.",
    "When the note does not say it, ask.",
    "Where it is not stated, ask.",
    "費用は3億円です。書かれていない場合はそう答えてください。",
    "3億円です。わからないと答えてください。",
    "费用是三百万元。如果没有写明，请说明。",
    "费用是三百万元。没有提到的话请说。",
    "<think>I cannot provide this?</think> The price is 250 euros.",
]


@pytest.mark.parametrize("output", WILL_NOT)
def test_declining_is_heard(output: str) -> None:
    assert marked({"kind": "refusal", "says": "will_not"}, output).passed
    assert marked({"kind": "refusal"}, output).passed
    assert not marked({"kind": "refusal", "expected": False}, output).passed


@pytest.mark.parametrize("output", DOES_NOT_KNOW)
def test_not_knowing_is_heard(output: str) -> None:
    assert marked({"kind": "refusal", "says": "does_not_know"}, output).passed
    assert marked({"kind": "refusal"}, output).passed


@pytest.mark.parametrize("output", ANSWERS)
def test_an_answer_is_no_refusal(output: str) -> None:
    mark = marked({"kind": "refusal"}, output)
    assert not mark.passed, mark.reason
    assert marked({"kind": "refusal", "expected": False}, output).passed


def test_the_mark_calls_itself_a_heuristic() -> None:
    assert "heuristic" in marked({"kind": "refusal"}, "I cannot help with that.").reason


def test_a_refusal_far_down_in_a_long_answer_does_not_count() -> None:
    assert not marked({"kind": "refusal"}, "Do this. " * 100 + "I cannot help with that.").passed


def test_no_answer_is_neither_a_refusal_nor_an_answer() -> None:
    assert not marked({"kind": "refusal"}, " \n").passed
    assert not marked({"kind": "refusal", "expected": False}, "<think>I wonder").passed


def test_own_phrases_count_too_and_have_to_be_patterns() -> None:
    own = {"kind": "refusal", "patterns": [r"ask (?:a|the) clerk"]}
    assert marked(own, "Please ask the clerk.").passed
    with pytest.raises(ValueError, match="not a regular expression"):
        made("refusal", patterns=["("])
