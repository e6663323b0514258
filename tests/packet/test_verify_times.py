"""Values that one file alone tells: they are found by what else could then not have happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packet.forge import document, lines, problems

pytestmark = pytest.mark.usefixtures("marks_here")
Rows = list[dict[str, Any]]


def first(rows: Rows, kind: str, least_index: int = 0) -> dict[str, Any]:
    return next(row for row in rows if row["event"] == kind and row.get("index", 0) >= least_index)


@pytest.mark.parametrize(
    ("kind", "area"),
    [("token", "times"), ("completed", "times"), ("sample", "times"), ("graded", "times")],
)
def test_an_event_that_goes_back_in_time(packet: Path, kind: str, area: str) -> None:
    def back(rows: Rows) -> None:
        last = [row for row in rows if row["event"] == kind][-1]
        last["t"] = -1.0

    lines(packet, "events.jsonl", back)
    assert any(line.startswith(f"{area}: ") and "-1.0 s" in line for line in problems(packet))


def test_a_token_with_another_number(packet: Path) -> None:
    lines(packet, "events.jsonl", lambda rows: first(rows, "token", 1).update(index=7))
    assert any("token 7 of" in line and "is number 1 of it" in line for line in problems(packet))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda route: route["runtimes"][-1].update(reason="It is the best one."), "route.runtimes does not follow"),
        (lambda route: route.update(suggested_runtime="Ollama, says a friend"), "route.suggested_runtime does not"),
        (lambda route: route["family"].update(licence="public domain"), "route.family.licence is not what the table"),
    ],
)
def test_a_route_that_the_tables_do_not_give(packet: Path, change: Callable[[Any], None], said: str) -> None:
    def changed(decision: dict[str, Any]) -> None:
        change(decision["route"])

    document(packet, "decision.json", changed)
    assert any(line.startswith("route: ") and said in line for line in problems(packet))


@pytest.mark.parametrize(("field", "value"), [("flash", True), ("n_ubatch", 64)])
def test_a_forecast_for_other_settings_than_those_of_its_proof(packet: Path, field: str, value: object) -> None:
    document(packet, "runtime.json", lambda runtime: runtime["forecast"].update({field: value}))
    assert any(f"forecast.{field} is {value}, the proof ran with" in line for line in problems(packet))
