"""What the evidence allows and recommends, by the rules in data/decision.toml; and that those rules are checked."""

from __future__ import annotations

from typing import Any

import pytest

from weighbridge.domain.problems import BadInput
from weighbridge.domain.toml_lines import load_toml
from weighbridge.domain.verdict.decision import CHOICES, Choice, Gate, GateResult, Option
from weighbridge.domain.verdict.grounds import Grounds
from weighbridge.domain.verdict.rules import Rules, advise
from weighbridge.domain.verdict.stats import wilson
from weighbridge.services.tables import load_rules

RULES = load_rules()


def gate(mark: Gate) -> GateResult:
    return GateResult(gate=mark, passed=3, total=5, interval=wilson(3, 5), reasons=("3 of 5 passed",))


SHOWN: dict[str, Any] = {"tried": ("prompt",), "with_result": ("prompt",)}
"""A try with which the cases have run."""
FAILED = Grounds(gate=gate("FAILED"), baseline="3 of 5 passed", failing=("a", "b"))


def grounds(base: Grounds = FAILED, **more: Any) -> Grounds:
    return base.model_copy(update=more)


def option(choice: Choice, found: Grounds) -> Option:
    return next(row for row in advise(found, RULES).options if row.choice == choice)


def allowed(found: Grounds) -> set[Choice]:
    return {row.choice for row in advise(found, RULES).options if row.allowed}


def test_without_an_eval_only_stopping_is_allowed() -> None:
    found = advise(Grounds(alternative="Qwen"), RULES)
    assert [row.choice for row in found.options] == list(CHOICES)
    assert allowed(Grounds(alternative="Qwen")) == {"stop"} and found.choice is None
    assert all(row.way_out for row in found.options if not row.allowed), "a lock says what to do"


def test_lora_needs_a_failed_baseline_and_a_try_on_record() -> None:
    tried: dict[str, Any] = {"tried": ("prompt",)}
    assert "LoRA" not in allowed(Grounds(gate=gate("PASSED"))), "nothing failed"
    assert "LoRA" not in allowed(Grounds(gate=gate("PASSED"), **tried)), "a try alone is not enough"
    assert "LoRA" not in allowed(FAILED), "a failed baseline alone is not enough"
    assert "prompt and RAG first" in option("LoRA", FAILED).why
    assert "record" in option("LoRA", FAILED).way_out
    both = option("LoRA", grounds(**tried))
    assert both.allowed and "3 of 5 passed" in both.why and "another prompt" in both.why
    earlier = Grounds(gate=gate("WARNED"), baseline="1 of 5 passed, begun earlier", tried=("rag",))
    assert "LoRA" in allowed(earlier), "an earlier baseline of the same cases is one too"


def test_a_try_without_a_result_is_said_to_rest_on_the_persons_word() -> None:
    word = "on your word: the try has no result yet"
    assert word in option("LoRA", grounds(tried=("rag",))).why
    assert word not in option("LoRA", grounds(**SHOWN)).why
    stop = advise(grounds(tried=("rag",)), RULES)
    assert "no result shows what RAG would change" in stop.why, "nothing is said to have failed that nobody measured"


def test_lora_is_locked_where_a_try_was_enough() -> None:
    enough = option("LoRA", grounds(tried=("prompt", "rag"), with_result=("prompt", "rag"), held=("rag",)))
    assert not enough.allowed and enough.why.startswith("the gate held with RAG: that is enough") and enough.way_out


def test_tries_of_an_earlier_baseline_are_not_passed_over_in_silence() -> None:
    found = option("LoRA", grounds(tried_earlier=True))
    assert not found.allowed and "answers an earlier baseline" in found.why and "on these cases" in found.way_out


def test_lora_is_no_answer_to_an_engine_that_fails() -> None:
    found = grounds(tried=("prompt",), engine_failures=("a", "b"))
    assert not option("LoRA", found).allowed and "engine" in option("LoRA", found).why
    assert option("LoRA", grounds(tried=("prompt",), engine_failures=("a",))).allowed, "one answer failed by itself"


def test_keep_needs_a_gate_that_did_not_fail() -> None:
    assert "keep" not in allowed(FAILED)
    assert "keep" in allowed(Grounds(gate=gate("WARNED"))) & allowed(Grounds(gate=gate("PASSED")))


def test_a_switch_names_the_next_family_with_its_reason_or_what_to_do_instead() -> None:
    there = option("switch", grounds(alternative="Qwen family", alternative_reason="It fits too."))
    assert there.allowed and there.why == "next to try: Qwen family. It fits too"
    lacking = option("switch", FAILED)
    assert not lacking.allowed and "no other family" in lacking.why and "quantization" in lacking.way_out


def test_rag_needs_a_failure_that_a_text_could_mend_or_private_documents() -> None:
    assert not option("RAG", FAILED).allowed and "a, b" in option("RAG", FAILED).why
    lacking = option("RAG", grounds(lacking=("b",)))
    assert lacking.allowed and lacking.why.endswith(": b")
    read = option("RAG", grounds(with_text=("a", "b")))
    assert not read.allowed and "had its text" in read.why
    assert option("RAG", grounds(private_documents=True)).allowed
    assert not option("RAG", grounds(engine_failures=("a", "b"))).allowed


def test_a_failed_proof_allows_to_switch_or_to_stop() -> None:
    found = Grounds(failure="The engine died (SIGABRT).", alternative="Qwen")
    assert allowed(found) == {"switch", "stop"}
    advice = advise(found, RULES)
    assert advice.choice == "switch" and "The engine died (SIGABRT); Qwen fits" in advice.why
    assert advise(Grounds(failure="x"), RULES).choice == "stop"


@pytest.mark.parametrize(
    ("more", "choice"),
    [
        ({"lacking": ("a",), "alternative": "Qwen"}, "RAG"),
        ({"lacking": ("a",), "alternative": "Qwen", "tried": ("rag",)}, "switch"),
        ({"private_documents": True, "alternative": "Qwen"}, "RAG"),
        ({"private_documents": True, "engine_failures": ("a", "b"), "alternative": "Qwen"}, "switch"),
        ({"needs_fine_tuning": True, "alternative": "Qwen"}, "switch"),
        ({"needs_fine_tuning": True, "alternative": "Qwen", "tried": ("prompt",)}, "switch"),
        ({"needs_fine_tuning": True, "alternative": "Qwen", **SHOWN}, "LoRA"),
        ({"alternative": "Qwen", "tried": ("prompt",)}, "switch"),
        (SHOWN, "LoRA"),
        ({"tried": ("prompt",)}, "stop"),
        ({**SHOWN, "held": ("prompt",)}, "stop"),
        ({}, "stop"),
    ],
)
def test_what_is_recommended_after_a_failed_gate(more: dict[str, Any], choice: Choice) -> None:
    found = advise(grounds(**more), RULES)
    assert found.choice == choice and found.why.startswith("3 of 5 passed; ")


def test_a_gate_that_held_recommends_to_keep() -> None:
    found = advise(Grounds(gate=gate("WARNED"), private_documents=True, alternative="Qwen"), RULES)
    assert (found.choice, found.why) == ("keep", "3 of 5 passed")


def test_no_evidence_is_recommended_that_is_locked() -> None:
    """Whatever is there: the advice is among what is allowed, and stopping always is."""
    for bits in range(2**7):
        on = [bool(bits >> at & 1) for at in range(7)]
        found = Grounds(
            gate=gate("FAILED") if on[0] else None,
            failure="x" if on[1] else "",
            baseline="b" if on[0] else "",
            tried=("prompt",) if on[2] else (),
            failing=("a",) if on[0] else (),
            lacking=("a",) if on[0] and on[3] else (),
            private_documents=on[4],
            needs_fine_tuning=on[5],
            alternative="Qwen" if on[6] else "",
        )
        advice = advise(found, RULES)
        assert "stop" in allowed(found)
        assert advice.choice in {None, *allowed(found)}
        assert (advice.choice is None) == (not on[0] and not on[1])


TABLE = """
knowledge_tags = []
[[option]]
choice = "keep"
lock = [{ unless = ["eval"], why = "w", way_out = "o" }]
allowed = [{ why = "fine: {score}" }]
[[option]]
choice = "switch"
allowed = [{ why = "w" }]
[[option]]
choice = "RAG"
allowed = [{ why = "w" }]
[[option]]
choice = "LoRA"
allowed = [{ why = "w" }]
[[option]]
choice = "stop"
allowed = [{ when = ["no eval"], why = "no eval" }, { why = "an eval" }]
[[recommend]]
choice = "keep"
why = "w"
"""


def test_other_rules_decide_otherwise() -> None:
    rules = load_toml(TABLE, "rules.toml", Rules)
    without, there = advise(Grounds(), rules), advise(Grounds(gate=gate("FAILED")), rules)
    assert (without.choice, there.choice) == (None, "keep"), "what is locked is passed over"
    assert (without.options[-1].why, there.options[-1].why) == ("no eval", "an eval")
    assert there.options[0].why == "fine: 3 of 5 cases passed (FAILED)"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('unless = ["eval"]', 'unless = ["evil"]', "'evil' is no evidence"),
        ('when = ["no eval"]', 'when = ["not eval"]', "'not eval' is no evidence"),
        ("{score}", "{model}", "{model} is no word of the rules"),
        ('choice = "switch"', 'choice = "stop"', "each choice has one"),
        (', { why = "an eval" }', "", "has to stand without"),
        (', way_out = "o"', "", "way_out"),
        ('unless = ["eval"]', "unless = []", "lock[0].unless"),
    ],
)
def test_faulty_rules_are_refused_with_the_reason(old: str, new: str, words: str) -> None:
    assert old in TABLE
    with pytest.raises(BadInput) as caught:
        load_toml(TABLE.replace(old, new), "rules.toml", Rules)
    assert words in str(caught.value), str(caught.value)
