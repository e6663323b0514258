"""The eval as line prompts: its time limit, and a person's own mark beside the grader's."""

from __future__ import annotations

from fakes import Script
from program import STEPS_1_2, Typed


def test_a_mark_is_overruled_after_the_eval(typed: Typed, script: Script) -> None:
    script.answer = lambda request: "No." if request.case == "laptop-01" else "An answer."
    typing = (
        "time_limit=soon",
        "time_limit=30",
        "",
        "overrule laptop-01",
        "overrule laptop-01 pass It means the local CPU.",
        "overrule nothing pass Because.",
        "what?",
        "q",
    )
    _, said, run = typed(f"{STEPS_1_2}\n\n\n\n" + "\n".join(typing) + "\n")
    assert "! Time limit of a case, seconds: " in said and "each within 30 s" in said
    assert run.policy is not None and run.policy.time_limit_s == 30
    assert "! Nothing is neither pass nor fail." in said and "! nothing has no result to overrule." in said
    assert "! what? is no answer here." in said and said.count("1 mark was overruled") == 1
    assert "(FAIL by grader, pass by you: It means the local CPU.)" in said
    assert run.evaluation is not None and len(script.launches) == 2, "the proof's and one for the eval"
    marked = next(r for r in run.evaluation.results if r.case == "laptop-01")
    assert marked.counts and not marked.passed


def test_a_case_that_the_engine_failed_says_why(typed: Typed, script: Script) -> None:
    script.late = lambda request: request.case == "gate-01"
    _, said, _ = typed(f"{STEPS_1_2}\n\n\n\ntime_limit=2\n\nq\n")
    assert "FAIL  gate-01: No whole answer within the time limit of 2 s; TTFT" in said
    assert "no whole answer from the engine: gate-01" in said
