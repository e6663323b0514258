"""What a person is told for their constraints on their machine."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest

from weighbridge.domain.route.constraints import Budget, ConstraintCard, Privacy, RouteName
from weighbridge.domain.route.decide import RouteDecision, decide
from weighbridge.domain.route.table import GIB, Family, Tables

ROUTES: tuple[RouteName, ...] = get_args(RouteName)
BUDGETS: tuple[Budget, ...] = get_args(Budget)
PRIVACIES: tuple[Privacy, ...] = get_args(Privacy)


def codes(decision: RouteDecision) -> dict[str, str]:
    return {row.id: row.code for row in decision.rejected}


def card(**answers: Any) -> ConstraintCard:
    return ConstraintCard.model_validate(answers)


@pytest.mark.parametrize(
    ("route", "api", "budget", "available"),
    list(product(ROUTES, (False, True), BUDGETS, (None, 0, GIB, 64 * GIB))),
)
def test_every_other_family_is_named_with_a_reason(
    tables: Tables, route: RouteName, api: bool, budget: Budget, available: int | None
) -> None:
    decision = decide(card(available_route=route, needs_service_api=api, budget_level=budget), tables, available)
    assert sorted([*codes(decision), decision.family.id]) == sorted(row.id for row in tables.families)
    assert all(row.reason.endswith(".") and len(row.reason) > 30 for row in decision.rejected)
    assert [row.id for row in decision.runtimes] == [row.id for row in tables.runtimes]
    assert decision.suggested_runtime in [row.name for row in decision.runtimes if row.usable]


def test_a_laptop_starts_small_and_weighs_the_others_against_its_memory(tables: Tables) -> None:
    decision = decide(card(), tables, 3 * GIB)
    assert decision.family.id == "small-instruct"
    assert decision.suggested_runtime == "llama.cpp"
    assert codes(decision) == {
        "qwen": "rank",
        "llama": "rank",
        "mistral": "memory",
        "gpt-oss": "route",
        "reasoning": "route",
    }
    mistral = next(row.reason for row in decision.rejected if row.id == "mistral")
    assert "4.9 GiB" in mistral and "7.25 x 10^9 parameters x 0.6 bytes" in mistral
    assert "3.0 GiB available" in mistral


def test_unknown_memory_rejects_nothing(tables: Tables) -> None:
    decision = decide(card(), tables, None)
    assert "memory" not in codes(decision).values()
    assert all("available" not in row.reason for row in decision.rejected)


def test_a_rented_gpu_with_an_api_says_budget_api_and_route(tables: Tables) -> None:
    decision = decide(card(available_route="rented_gpu", needs_service_api=True, budget_level="small"), tables, 1)
    assert (decision.family.id, decision.suggested_runtime) == ("qwen", "vLLM")
    assert codes(decision) == {
        "small-instruct": "route",
        "llama": "rank",
        "mistral": "rank",
        "gpt-oss": "api",
        "reasoning": "budget",
    }


def test_a_runtime_that_does_not_work_on_the_route_rejects_a_family(tables: Tables) -> None:
    served_only = tables.families[1].model_copy(update={"runtimes": ("vllm",), "rank": 1})
    decision = decide(card(), with_family(tables, served_only), None)
    assert codes(decision)["qwen"] == "runtime"


def with_family(tables: Tables, family: Family) -> Tables:
    others = tuple(row for row in tables.families if row.id != family.id)
    return tables.model_copy(update={"families": (*others, family)})


def test_a_low_rank_puts_an_own_family_first(tables: Tables) -> None:
    own = tables.families[0].model_copy(update={"id": "own", "name": "Own", "rank": 1})
    assert decide(card(), with_family(tables, own), None).family.id == "own"


@pytest.mark.parametrize(("answers", "available"), [({"available_route": "rented_gpu"}, None), ({}, 1000), ({}, 0)])
def test_where_nothing_fits_the_small_model_comes_with_a_caution(
    tables: Tables, answers: dict[str, Any], available: int | None
) -> None:
    decision = decide(card(**answers), tables, available)
    assert decision.family.id == "small-instruct"
    assert any("No family in the planning table fits" in text for text in decision.cautions)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"privacy": "private_docs", "available_route": "free_colab"}, "leave this machine"),
        ({"privacy": "internal", "available_route": "rented_gpu"}, "leave this machine"),
        ({"available_route": "rented_gpu", "budget_level": "none"}, "budget is none"),
        ({"needs_service_api": True}, "laptop"),
        ({"needs_service_api": True, "available_route": "free_colab"}, "may not be a server"),
        ({"needs_fine_tuning": True}, "baseline eval that has failed"),
        ({"available_route": "rented_gpu", "budget_level": "large"}, "billed until it is stopped"),
        ({"available_route": "free_colab"}, "reset"),
    ],
)
def test_answers_that_pull_against_each_other_are_cautioned(
    tables: Tables, answers: dict[str, Any], words: str
) -> None:
    assert any(words in text for text in decide(card(**answers), tables, None).cautions)


def test_a_plain_laptop_run_needs_no_caution(tables: Tables) -> None:
    assert decide(card(privacy="private_docs"), tables, None).cautions == ()


def test_the_five_situations_bring_their_evidence(tables: Tables) -> None:
    def met(**answers: Any) -> dict[str, tuple[str, ...]]:
        return {row.id: row.stop_evidence for row in decide(card(**answers), tables, None).situations}

    assert met() == {"laptop-only": ("prompt", "output", "time note", "memory note")}
    assert met(available_route="free_colab") == {"short-experiment": ("notebook link", "runtime type", "reset note")}
    everything = met(
        available_route="rented_gpu", needs_service_api=True, privacy="private_docs", needs_fine_tuning=True
    )
    assert everything == {
        "stable-service": ("endpoint", "request and response", "cost per hour", "stop command"),
        "private-documents": ("access rule", "source trace", "no data-leak note"),
        "domain-behaviour": ("before/after eval", "adapter artifact"),
    }


def test_each_route_owes_its_evidence(tables: Tables) -> None:
    owed = {route: decide(card(available_route=route), tables, None).evidence for route in ROUTES}
    assert owed["local_cpu"] == tables.evidence and len(tables.evidence) == 6
    assert set(owed["free_colab"]) - set(tables.evidence) == {"notebook link", "runtime type", "reset note"}
    assert {"endpoint", "cost per hour and its source"} <= set(owed["rented_gpu"])


def test_adaptation_is_one_of_the_lessons_two_sentences(tables: Tables) -> None:
    assert decide(card(), tables, None).adaptation == "RAG first; LoRA only after fixed eval failures"
    tuned = decide(card(needs_fine_tuning=True), tables, None)
    assert tuned.adaptation == "prepare LoRA after baseline eval"
