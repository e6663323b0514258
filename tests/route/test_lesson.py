"""`--format lesson` against an independent statement of the lesson's rules."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.route.decide import decide
from weighbridge.domain.route.lesson import lesson_json, lesson_row
from weighbridge.domain.route.table import Tables

PROJECT: dict[str, Any] = {
    "task": "course Q&A assistant",
    "privacy": "private_docs",
    "available_route": "rented_gpu",
    "needs_service_api": True,
    "needs_fine_tuning": False,
    "budget_level": "small",
}

EXPECTED = """{
  "project": "course Q&A assistant",
  "route": {
    "route": "rented_gpu",
    "goal": "run a stable API with explicit cost and shutdown"
  },
  "model_family": {
    "family": "Qwen or Llama family",
    "fit": [
      "colab",
      "rented_gpu"
    ],
    "runtime": "Transformers, vLLM, or SGLang"
  },
  "adaptation": "RAG first; LoRA only after fixed eval failures",
  "evidence": [
    "model card and license note",
    "runtime command",
    "first prompt and output",
    "five-case eval table",
    "latency and memory note",
    "shutdown command"
  ]
}"""

GOALS = {
    "local_cpu": "prove the pipeline with a small quantized model",
    "free_colab": "run one notebook experiment and save reset notes",
    "rented_gpu": "run a stable API with explicit cost and shutdown",
}
FAMILIES: list[dict[str, Any]] = [
    {"family": "small instruct model", "fit": ["cpu_lab", "colab"], "runtime": "llama.cpp or Transformers"},
    {
        "family": "Qwen or Llama family",
        "fit": ["colab", "rented_gpu"],
        "runtime": "Transformers, vLLM, or SGLang",
    },
    {
        "family": "gpt-oss family",
        "fit": ["rented_gpu"],
        "runtime": "check current model card and runtime support",
    },
    {
        "family": "reasoning model family",
        "fit": ["rented_gpu"],
        "runtime": "serve only after latency and cost checks",
    },
]
SIX = [
    "model card and license note",
    "runtime command",
    "first prompt and output",
    "five-case eval table",
    "latency and memory note",
    "shutdown command",
]
RESET_NOTES = ["notebook link", "runtime type", "reset note"]


def oracle(info: dict[str, Any]) -> dict[str, Any]:
    """What the lesson's script decides: its table says `colab` and `cpu_lab`, so those two fall back to row 0."""
    route = info["available_route"]
    fits = [
        row
        for row in FAMILIES
        if route in row["fit"]
        and not (info["needs_service_api"] and "vLLM" not in row["runtime"] and route == "rented_gpu")
    ]
    return {
        "project": info["task"],
        "route": {"route": route, "goal": GOALS[route]},
        "model_family": fits[0] if fits else FAMILIES[0],
        "adaptation": "prepare LoRA after baseline eval"
        if info["needs_fine_tuning"]
        else "RAG first; LoRA only after fixed eval failures",
        "evidence": SIX,
    }


def ours(info: dict[str, Any], tables: Tables, available: int | None = None) -> str:
    card = ConstraintCard.model_validate(info)
    return lesson_json(card, decide(card, tables, available), tables)


def test_the_lessons_card_prints_the_lessons_json(tables: Tables) -> None:
    assert ours(PROJECT, tables) == EXPECTED
    assert json.dumps(oracle(PROJECT), indent=2) == EXPECTED, "the oracle itself"


@pytest.mark.parametrize(
    ("route", "api", "tuning", "budget"),
    list(product(GOALS, (False, True), (False, True), ("none", "small", "medium", "large"))),
)
def test_every_combination_agrees_with_the_script(
    tables: Tables, route: str, api: bool, tuning: bool, budget: str
) -> None:
    info = PROJECT | {
        "available_route": route,
        "needs_service_api": api,
        "needs_fine_tuning": tuning,
        "budget_level": budget,
        "task": '問答 "quoted" é',
    }
    wanted = oracle(info)
    if route == "free_colab":
        wanted["evidence"] = SIX + RESET_NOTES
    assert ours(info, tables, available=1) == json.dumps(wanted, indent=2)


@pytest.mark.parametrize(("api", "route"), list(product((False, True), GOALS)))
def test_with_money_and_memory_our_family_is_one_of_the_lessons_row(tables: Tables, api: bool, route: str) -> None:
    info = PROJECT | {"available_route": route, "needs_service_api": api, "budget_level": "large"}
    card = ConstraintCard.model_validate(info)
    row = next(row for row in tables.lesson if row.family == oracle(info)["model_family"]["family"])
    assert decide(card, tables, 2**40).family.id in row.members


@pytest.mark.parametrize("route", GOALS)
def test_commercial_use_is_no_matter_of_the_lesson(tables: Tables, route: str) -> None:
    info = PROJECT | {"available_route": route}
    assert ours(info | {"commercial_use": True}, tables) == ours(info | {"commercial_use": False}, tables)
    card = ConstraintCard.model_validate(info | {"commercial_use": True})
    assert decide(card, tables, 2**40) == decide(ConstraintCard.model_validate(info), tables, 2**40)


def test_our_routes_match_the_lessons_names_for_them(tables: Tables) -> None:
    backwards = tables.model_copy(update={"lesson": tables.lesson[::-1]})

    def family(route: str) -> str:
        return lesson_row(ConstraintCard.model_validate({"available_route": route}), backwards).family

    assert family("local_cpu") == "small instruct model"
    assert family("free_colab") == "Qwen or Llama family"
    assert family("rented_gpu") == "reasoning model family"


def test_the_lessons_table_is_ours_word_for_word(tables: Tables) -> None:
    assert [json.loads(row.model_dump_json(exclude={"members"})) for row in tables.lesson] == FAMILIES
