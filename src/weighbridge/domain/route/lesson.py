"""The decision in the lesson's own format."""

from __future__ import annotations

import json

from weighbridge.domain.route.constraints import ConstraintCard, RouteName
from weighbridge.domain.route.decide import RouteDecision
from weighbridge.domain.route.table import LessonRow, Tables

LESSON_ROUTE: dict[RouteName, str] = {
    "local_cpu": "cpu_lab",
    "free_colab": "colab",
    "rented_gpu": "rented_gpu",
}
"""Our routes as the lesson's table of families spells them."""


def lesson_row(card: ConstraintCard, tables: Tables) -> LessonRow:
    """The lesson's rule: the first row for the route; for a service on a rented GPU, one that names vLLM.

    Budget, privacy and this machine's memory play no part in it. The first row stands in where none fits.
    """
    needs_vllm = card.needs_service_api and card.available_route == "rented_gpu"
    for row in tables.lesson:
        if LESSON_ROUTE[card.available_route] in row.fit and ("vLLM" in row.runtime or not needs_vllm):
            return row
    return tables.lesson[0]


def lesson_json(card: ConstraintCard, decision: RouteDecision, tables: Tables) -> str:
    """The JSON that the lesson's script prints for a card, byte for byte, without a final line end.

    On free_colab the evidence also names notebook link, runtime type and reset note, as the lesson's table
    of exercises demands and its script leaves out.
    """
    row = lesson_row(card, tables)
    printed = {
        "project": card.task,
        "route": {"route": decision.route, "goal": decision.goal},
        "model_family": {"family": row.family, "fit": row.fit, "runtime": row.runtime},
        "adaptation": decision.adaptation,
        "evidence": tables.evidence + tables.route(decision.route).lesson_evidence,
    }
    return json.dumps(printed, indent=2)
