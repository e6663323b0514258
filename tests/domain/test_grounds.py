"""Which failures lack knowledge, and what a run's cost is made of."""

from __future__ import annotations

import pytest
from domain.test_decision import results

from weighbridge.domain.proof.events import Heartbeat, Prefilled, Token
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.cost import Cost, JobCostFold, price_of
from weighbridge.domain.verdict.graders import Includes
from weighbridge.domain.verdict.grounds import Grounds, lacking_knowledge

TAGS = ("knowledge",)


def case(at: int, context: str = "", *tags: str) -> Case:
    return Case(id=f"c{at}", prompt="?", context=context, tags=tags, grader=Includes(kind="includes", target="x"))


def test_a_failed_case_that_is_tagged_as_knowledge_and_has_no_text_lacks_it() -> None:
    cases = [
        case(0, "", "knowledge"),
        case(1, "text", "knowledge"),
        case(2, "", "arithmetic"),
        case(3, "", "knowledge"),
    ]
    assert lacking_knowledge(cases, results(False, False, False, True), TAGS) == ("c0",)


def test_untagged_cases_lack_knowledge_where_those_with_a_text_pass_more_often() -> None:
    cases = [case(0, "text"), case(1, "text"), case(2), case(3)]
    assert lacking_knowledge(cases, results(True, True, False, True), TAGS) == ("c2",)
    assert lacking_knowledge(cases, results(True, False, False, True), TAGS) == (), "no more often: half and half"
    assert lacking_knowledge(cases[2:], results(True, True, False, True)[2:], TAGS) == (), "nothing to compare with"


def test_a_case_that_the_engine_did_not_answer_lacks_nothing() -> None:
    answers = results(False, True)
    cut = [answers[0].model_copy(update={"failure": "The engine died."}), answers[1]]
    assert lacking_knowledge([case(0, "", "knowledge"), case(1, "text")], cut, TAGS) == ()


def test_many_cases_are_named_by_the_first_of_them() -> None:
    assert Grounds(lacking=tuple("abcdef")).words["lacking"] == "a, b, c, d and 2 more"


def test_a_job_costs_its_time_and_its_tokens_and_heartbeats_are_no_work() -> None:
    fold = JobCostFold()
    fold.add(Prefilled(t=1.0, request="r", prompt_tokens=40, prefill_s=0.5, reused_tokens=10))
    for at in range(3):
        fold.add(Token(t=2.0 + at, request="r", index=at, text="x"))
    fold.add(Heartbeat(t=99.0, phase="decode", progress=3))
    assert (fold.cost.wall_s, fold.cost.tokens_read, fold.cost.tokens_written) == (4.0, 30, 3)


@pytest.mark.parametrize(
    ("typed", "price"),
    [("0.50 USD", 0.5), ("$1.20/h", 1.2), ("2 EUR an hour", 2.0), ("", None), ("1,20 EUR", None), ("1 to 2 USD", None)],
)
def test_a_price_is_one_number_or_none(typed: str, price: float | None) -> None:
    assert price_of(typed) == price


def test_a_cost_says_what_it_does_not_know() -> None:
    cost = Cost(
        jobs=2,
        wall_s=3_725.0,
        tokens_read=1_234,
        tokens_written=5,
        fetched_bytes=0,
        unknown=("money is not known: no price per hour is typed",),
    )
    assert cost.text == (
        "2 jobs of proof and eval, 1 h 2 min; 1,234 tokens read, 5 written; nothing fetched; "
        "money is not known: no price per hour is typed"
    )
    nothing = cost.model_copy(update={"jobs": 0, "fetched_bytes": None, "unknown": ("bytes fetched are not known",)})
    assert nothing.text == "nothing has run here; bytes fetched are not known"
    priced = cost.model_copy(update={"price": "0.50 USD", "money": 0.5174, "unknown": ()})
    assert priced.text.endswith("; money 0.5174 at 0.50 USD an hour")
