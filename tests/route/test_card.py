"""The constraint card and its seven questions."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from pydantic import ValidationError

from weighbridge.domain.route.constraints import Budget, ConstraintCard, Privacy, RouteName, covers
from weighbridge.domain.route.decide import decide
from weighbridge.domain.route.questions import QUESTIONS, consequence
from weighbridge.domain.route.table import Tables


@pytest.mark.parametrize("task", ["", "  \n\t ", "x" * 501])
def test_a_task_has_a_word_and_at_most_500_characters(task: str) -> None:
    with pytest.raises(ValidationError, match="task"):
        ConstraintCard(task=task)


def test_a_task_becomes_one_safe_line() -> None:
    assert ConstraintCard(task=" answer\nquestions\x1b[31m ").task == "answer questions␛[31m"
    assert len(ConstraintCard(task="x" * 500).task) == 500


def test_a_typing_mistake_is_refused() -> None:
    with pytest.raises(ValidationError, match="privcy"):
        ConstraintCard.model_validate({"privcy": "public"})


def test_a_budget_covers_what_comes_before_it() -> None:
    assert covers("medium", "small") and covers("small", "small")
    assert not covers("none", "small")


def test_the_questions_offer_every_value_of_every_field() -> None:
    assert [question.field for question in QUESTIONS] == list(ConstraintCard.model_fields)
    for question in QUESTIONS:
        values = [choice.value for choice in question.choices]
        kind = ConstraintCard.model_fields[question.field].annotation
        if kind is bool:
            assert values == [False, True]
        else:
            assert values == list(get_args(kind))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.field)
def test_every_answer_has_a_short_consequence(tables: Tables, question: object) -> None:
    field = next(one.field for one in QUESTIONS if one is question)
    yes_no = (False, True)
    grid = product(get_args(RouteName), get_args(Privacy), get_args(Budget), yes_no, yes_no, yes_no)
    seen = set()
    for route, privacy, budget, api, tuning, commercial in grid:
        card = ConstraintCard(
            available_route=route,
            privacy=privacy,
            budget_level=budget,
            needs_service_api=api,
            needs_fine_tuning=tuning,
            commercial_use=commercial,
        )
        text = consequence(card, field, decide(card, tables, None))
        assert 10 < len(text) <= 240 and text.endswith(".") and "  " not in text, text
        seen.add(text)
    assert len(seen) > 1 or field == "task"


def test_the_consequences_name_the_conflicts(tables: Tables) -> None:
    card = ConstraintCard(available_route="rented_gpu", needs_service_api=True, privacy="private_docs")
    decision = decide(card, tables, None)
    assert "leave this machine" in consequence(card, "privacy", decision)
    assert "budget is none" in consequence(card, "budget_level", decision)
    for_sale = card.model_copy(update={"commercial_use": True})
    assert "unknown is refused" in consequence(for_sale, "commercial_use", decision)
    assert "Ruled out: Qwen family" in consequence(card, "available_route", decision)
    laptop = card.model_copy(update={"available_route": "local_cpu"})
    decision = decide(laptop, tables, None)
    assert "stay on this machine" in consequence(laptop, "privacy", decision)
    assert "laptop" in consequence(laptop, "needs_service_api", decision)
