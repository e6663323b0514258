"""The plain-text print of a decision."""

from __future__ import annotations

import unicodedata
from itertools import product
from typing import get_args

import pytest

from weighbridge.domain.route.constraints import ConstraintCard, RouteName
from weighbridge.domain.route.decide import decide
from weighbridge.domain.route.table import Tables
from weighbridge.domain.route.text import route_text


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


@pytest.mark.parametrize(
    ("route", "task"), list(product(get_args(RouteName), ["plain", "課程問答" * 100, "x" * 500, "a-b " * 120]))
)
def test_no_line_is_wider_than_80_columns_and_nothing_is_lost(tables: Tables, route: RouteName, task: str) -> None:
    card = ConstraintCard(task=task, available_route=route, needs_service_api=True, privacy="private_docs")
    decision = decide(card, tables, None)
    text = route_text(decision)
    assert max(map(columns, text.splitlines())) <= 80
    flat = "".join(text.split())
    said = [decision.task, decision.goal, decision.family.why, decision.adaptation, *decision.cautions]
    said += [row.reason for row in decision.rejected] + [row.needs for row in decision.runtimes]
    said += [*decision.evidence, *(note for row in decision.situations for note in row.stop_evidence)]
    assert [one for one in said if "".join(one.split()) not in flat] == []
