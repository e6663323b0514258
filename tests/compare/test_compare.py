"""What may be compared is said first, and nothing else counts as a regression."""

from __future__ import annotations

from typing import Any

import pytest
from compare.sides import MACHINE, case, evaluation, proof, runs, side

from weighbridge.domain.compare.compare import compare
from weighbridge.domain.compare.comparison import Comparison, FigureRow
from weighbridge.domain.compare.doubts import in_short
from weighbridge.domain.compare.side import SideFigure
from weighbridge.domain.compare.words import sections, value, verdict
from weighbridge.domain.verdict.decision import Overrule

FIVE = tuple(f"case-{number}" for number in range(5))


def ttft(value: float, n: int = 5, low: float = 0.9, high: float = 1.1) -> SideFigure:
    return runs("ttft_s", "TTFT", value, n, low * value, high * value)


def slower(**changes: Any) -> Comparison:
    """TTFT twice as long; `changes` are of the new proof's conditions."""
    return compare(side(proof=proof(ttft(1.0))), side(proof=proof(ttft(2.0), **changes)))


def figure(found: Comparison, name: str = "ttft_s") -> FigureRow:
    return next(row for row in found.figures if row.name == name)


def text(found: Comparison) -> str:
    return "\n".join(f"{line.label}: {line.text}" for section in sections(found) for line in section.lines)


def test_a_figure_beyond_range_and_margin_is_a_regression() -> None:
    found = slower()
    row = figure(found)
    assert (row.mark, row.percent, row.difference, row.old_n, row.new_n) == ("regression", 100.0, 1.0, 5, 5)
    assert found.regression and found.regressions == ("TTFT (proof) is 100.0 % worse",)
    assert verdict(found).text == "1 regression: TTFT (proof) is 100.0 % worse."
    assert "more than 10 % worse" in text(found)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"mark": "contended", "reasons": ("Other programs took 83 % of one core.",)}, "not both runs were quiet"),
        ({"mark": "unknown"}, "not both runs were quiet"),
        ({"settings": {"threads": "2"}}, "other settings"),
        ({"prompt": "Say it twice."}, "another prompt"),
        ({"model_sha256": "b" * 64}, "another model"),
        ({"current": False}, "made with something else"),
        ({"outcome": "stopped"}, "not both proofs came to their end"),
    ],
)
def test_what_is_not_comparable_is_shown_says_why_and_never_counts(changes: dict[str, Any], why: str) -> None:
    found = slower(**changes)
    assert figure(found).mark == "not comparable" and why in figure(found).note and why in found.allowed.proof_why
    assert figure(found).percent == 100.0, "it is shown all the same"
    assert not found.regression and not found.allowed.proof
    assert f"not comparable: {found.allowed.proof_why}" in text(found)


@pytest.mark.parametrize(
    ("field", "other", "said"),
    [
        ("host_processor_model_name", "other CPU", "processor x86-64 laptop CPU before, other CPU now"),
        ("host_processor_core_count", 8, "cores 4 before, 8 now"),
        ("host_memory_capacity", 8 * 2**30, "memory 16.0 GiB before, 8.0 GiB now"),
        ("operating_system", "macOS", "operating system Linux before, macOS now"),
        ("host_processor_model_name", None, "not known of both: processor"),
    ],
)
def test_another_machine_is_named_and_its_figures_do_not_count(field: str, other: Any, said: str) -> None:
    found = compare(side(proof=proof(ttft(1.0))), side(proof=proof(ttft(2.0)), machine={**MACHINE, field: other}))
    machine = next(row for row in found.same if row.what == "machine")
    assert not machine.same and said in machine.said
    assert figure(found).mark == "not comparable" and not found.regression


def test_a_kernel_that_keeps_a_little_more_memory_is_no_other_machine() -> None:
    less = {**MACHINE, "host_memory_capacity": 16 * 2**30 - 20 * 2**20}
    assert compare(side(proof=proof(ttft(1.0))), side(proof=proof(ttft(2.0)), machine=less)).regression


@pytest.mark.parametrize(
    ("old", "new", "mark", "note"),
    [
        (ttft(1.0), ttft(1.05), "alike", ""),
        (ttft(1.0), ttft(0.5), "better", ""),
        (ttft(1.0, n=1), ttft(2.0, n=1), "worse", "too few runs"),
        (ttft(1.0, n=5, high=2.5), ttft(2.0), "worse", "inside the range of the old values"),
        (runs("x", "ITL p50", 1, 58, 0, 9, ground="gaps"), runs("x", "", 2, 99, 0, 9, ground="gaps"), "worse", "few"),
        (runs("x", "", 1, 59, 0, 9, ground="gaps"), runs("x", "", 2, 59, 0, 9, ground="gaps"), "regression", ""),
        (runs("x", "", 1, 1, 1, 1, ground="single"), runs("x", "", 2, 1, 2, 2, ground="single"), "regression", ""),
        (runs("x", "", 1, 9, 1, 1, ground="shown"), runs("x", "", 9, 9, 9, 9, ground="shown"), "worse", "never"),
        (
            runs("x", "", 40, 5, 39, 41, better="higher"),
            runs("x", "", 30, 5, 29, 31, better="higher"),
            "regression",
            "",
        ),
        (ttft(1.0).model_copy(update={"value": None}), ttft(1.0), "not measured", ""),
    ],
)
def test_the_rule_of_a_figure(old: SideFigure, new: SideFigure, mark: str, note: str) -> None:
    row = compare(side(proof=proof(old)), side(proof=proof(new))).figures[0]
    assert row.mark == mark and note in row.note


def cases(found: Comparison) -> dict[str, str]:
    assert found.cases
    return {row.id: row.change for row in found.cases.rows}


def test_cases_of_one_digest_are_compared_one_by_one() -> None:
    old = evaluation(*(case(name) for name in FIVE))
    new = evaluation(case(FIVE[0], False, must_pass=True), *(case(name) for name in FIVE[1:]))
    found = compare(side(evaluation=old), side(evaluation=new))
    assert cases(found) == {FIVE[0]: "regressed", **dict.fromkeys(FIVE[1:], "passes")}
    assert found.cases and (found.cases.old_passed, found.cases.new_passed, found.cases.p) == (5, 4, 1.0)
    assert "fewer than 6 changes cannot be told from chance" in found.cases.said
    assert found.regressions == ("case case-0, a must-pass case, passed before and fails now",)
    assert not found.gate.regression, "four of five are enough"


def test_other_cases_are_aligned_by_id_and_content_and_the_rest_is_listed() -> None:
    old = evaluation(case("same"), case("eased", content="hard"), case("gone"), digest="1" * 64)
    new = evaluation(case("same", False), case("eased", content="easy"), case("added"), digest="2" * 64)
    found = compare(side(evaluation=old), side(evaluation=new))
    assert cases(found) == {"same": "regressed", "eased": "changed", "gone": "only old", "added": "only new"}
    assert found.cases and found.cases.aligned == 1 and found.allowed.cases and not found.allowed.gate
    assert found.regressions == ("case same passed before and fails now",)
    assert "1 are the same in both, of 3 before and 3 now" in text(found)


def test_a_gate_that_fails_by_the_same_rule_is_a_regression_and_by_another_rule_is_none() -> None:
    old = evaluation(*(case(name) for name in FIVE))
    failing = [case(name, False) for name in FIVE]
    same = compare(side(evaluation=old), side(evaluation=evaluation(*failing)))
    assert same.gate.regression and "the gate was PASSED and is FAILED" in same.regressions[-1]
    other = compare(side(evaluation=old), side(evaluation=evaluation(*failing, rule="stricter")))
    assert not other.gate.regression and "another policy" in other.allowed.gate_why
    assert len(other.regressions) == 5, "the cases are the same"


def test_a_person_an_unstable_case_and_a_dead_engine_are_told_beside_the_mark() -> None:
    mark = Overrule(passed=True, reason="It says the same in other words.", at="2026-01-02T03:04:05Z")
    old = evaluation(*(case(name) for name in FIVE))
    new = evaluation(
        case(FIVE[0], True, graded=False, overruled=mark),
        case(FIVE[1], False, unstable=True),
        case(FIVE[2], False, failure="the engine crashed"),
        *(case(name) for name in FIVE[3:]),
    )
    found = compare(side(evaluation=old), side(evaluation=new))
    assert found.cases and found.cases.overruled == (FIVE[0],) and found.cases.unstable == (FIVE[1],)
    assert found.cases.regressed == (FIVE[1], FIVE[2])
    said = text(found)
    assert "overruled by a person, the grader says failed: It says the same in other words." in said
    assert "unstable" in said and "the engine crashed" in said


def test_an_eval_of_something_else_than_the_packet_names_counts_for_nothing() -> None:
    old = evaluation(*(case(name) for name in FIVE))
    stale = evaluation(*(case(name, False) for name in FIVE), current=False)
    found = compare(side(evaluation=old), side(evaluation=stale))
    assert not found.regression and not found.allowed.cases and "the eval of the new packet" in found.allowed.cases_why
    assert "shown, and nothing of it counts" in text(found)


def test_figures_of_cases_are_compared_case_by_case() -> None:
    """Cases differ far more than runs do: only their own ratios tell."""
    times = dict(zip(FIVE, (0.1, 0.5, 1.0, 5.0, 9.0), strict=True))
    old = evaluation(*(case(name, ttft_s=t) for name, t in times.items()))
    worse = evaluation(*(case(name, ttft_s=1.3 * t) for name, t in times.items()))
    found = compare(side(evaluation=old), side(evaluation=worse))
    row = figure(found)
    assert (row.mark, row.percent, row.new_n) == ("regression", 30.0, 5)
    mixed = evaluation(*(case(n, ttft_s=t * (1.3 if at < 3 else 0.99)) for at, (n, t) in enumerate(times.items())))
    assert (
        figure(compare(side(evaluation=old), side(evaluation=mixed))).note
        == "only 3 of 5 cases are worse by themselves"
    )
    loud = worse.model_copy(update={"conditions": worse.conditions.model_copy(update={"mark": "contended"})})
    assert figure(compare(side(evaluation=old), side(evaluation=loud))).mark == "not comparable"


def test_two_plans_are_not_comparable_and_say_so() -> None:
    plan = side(head={"status": "planned"})
    found = compare(plan, plan)
    assert not found.regression and verdict(found).text.startswith("Nothing of these two may be compared")
    assert "nothing was run" in text(found)


def test_a_packet_that_does_not_hold_is_called_so() -> None:
    found = compare(
        side(head={"verified": False, "problem": "manifest: a file has changed", "more_problems": 3}), side()
    )
    said = "NOT VERIFIED: it does not hold (manifest: a file has changed; and 3 more: `weighbridge verify packet` names"
    assert said in text(found)


def test_a_problem_is_named_shortly_and_without_the_lines_of_a_page() -> None:
    said = in_short(
        "page", "data/report.html, line 193: says '/th><td class=\"good\">✓ passed</td>', the records give 'x'"
    )
    assert said == "page: data/report.html, line 193" and len(in_short("answers", "data/x.jsonl: " + "y" * 500)) <= 120


def test_many_cases_are_counted_and_the_first_are_named() -> None:
    names = [f"case-{number}" for number in range(3000)]
    old = evaluation(*(case(name) for name in names))
    found = compare(side(evaluation=old), side(evaluation=evaluation(*(case(name, False) for name in names))))
    assert len(found.regressions) == 3001 and text(found).count("regressed") < 25 and "and 2,980 more" in text(found)


def test_the_verdict_names_all_that_is_not_comparable() -> None:
    old = evaluation(*(case(name, ttft_s=1.0) for name in FIVE))
    loud = evaluation(*(case(name, ttft_s=1.0) for name in FIVE), mark="contended")
    found = compare(side(evaluation=old, proof=proof(ttft(1.0))), side(evaluation=loud, proof=proof(ttft(1.0))))
    assert verdict(found).text.endswith("may be compared. Not comparable: figures of the eval.")
    more = evaluation(*(case(name) for name in (*FIVE, "new")), digest="2" * 64)
    said = verdict(compare(side(evaluation=old, proof=proof(ttft(1.0))), side(evaluation=more))).text
    assert said.endswith("Not comparable: 1 case that is not in both, gate, figures of the proof.")


def test_a_limit_of_tokens_counts_where_a_case_was_asked_with_it() -> None:
    """A setting that every case overrides never reached the eval."""
    old, other = (evaluation(*(case(n, ttft_s=1.0, max_tokens=most) for n in FIVE)) for most in (64, 48))
    assert compare(side(evaluation=old), side(evaluation=old)).allowed.eval
    found = compare(side(evaluation=old), side(evaluation=other))
    assert "other settings" in found.allowed.eval_why and "max_tokens of 5 of 5 cases, the first 64" in text(found)


def test_a_line_has_one_unit_and_says_what_its_percentage_is_of() -> None:
    times = dict(zip(FIVE, (0.1, 0.5, 1.0, 5.0, 9.0), strict=True))
    old = evaluation(*(case(name, ttft_s=t, peak_rss_bytes=2**28) for name, t in times.items()))
    new = evaluation(
        *(case(n, ttft_s=t + (0.01 if n == FIVE[2] else 0), peak_rss_bytes=2**28 - 9) for n, t in times.items())
    )
    said = text(compare(side(evaluation=old), side(evaluation=new)))
    assert "1.000 s → 1.010 s (+0.010 s, median of the cases' ratios 0.0 %; n 5 and 5)" in said
    assert "256 MiB → 256 MiB (0 MiB, 0.0 %; n 1 and 1)" in said


def test_figures_are_read_with_their_unit() -> None:
    assert [value(0.0123, "s"), value(1.5, "s"), value(2**30, "bytes"), value(None, "s")] == [
        "12.3 ms",
        "1.500 s",
        "1,024 MiB",
        "not known",
    ]
    assert value(-3.5, "tokens/s", sign="+") == "-3.5 tokens/s"
