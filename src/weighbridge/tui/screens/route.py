"""Step 2: the decision card. Nothing is asked here; everything has its reason."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from textual.app import ComposeResult

from weighbridge.domain.route.decide import RouteDecision
from weighbridge.domain.run import Run
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.sheet import Row, Sheet

WHY = {
    "route": "other route",
    "runtime": "no runtime",
    "memory": "memory",
    "budget": "budget",
    "api": "no service",
    "rank": "fits too",
}


def card_rows(decision: RouteDecision) -> Iterator[Row]:
    """The decision card, line by line."""
    family = decision.family
    yield Row("Route", f"{decision.route_name}: {decision.goal}")
    yield Row("Family", family.name, "head")
    yield Row("", family.why)
    yield Row("Examples", ", ".join(family.examples))
    yield Row("Licence", family.licence)
    yield Row("Note", family.note)
    yield Row("Adaptation", decision.adaptation)
    for caution in decision.cautions:
        yield Row("! Caution", caution, "warn")
    yield from _others(decision)
    yield from _runtimes(decision)
    yield from _owed(decision)


def _others(decision: RouteDecision) -> Iterator[Row]:
    yield Row("")
    yield Row("Not chosen")
    for family in decision.rejected:
        yield Row(f"  {WHY[family.code]}", f"{family.name}. {family.reason}", "muted")


def _runtimes(decision: RouteDecision) -> Iterator[Row]:
    yield Row("")
    yield Row("Runtimes")
    for option in decision.runtimes:
        sign = "✓" if option.usable else "–"
        text = f"Needs {option.needs}." if option.usable else option.reason
        yield Row(f"  {sign} {option.name}", text, "text" if option.usable else "muted")


def _owed(decision: RouteDecision) -> Iterator[Row]:
    yield Row("")
    yield Row("Evidence")
    rows = chain(decision.evidence, *(s.stop_evidence for s in decision.situations))
    yield Row("  owed", "; ".join(dict.fromkeys(rows)))
    for situation in decision.situations:
        yield Row("  situation", f"{situation.name}: {situation.first_route}, {situation.first_target}")


class RouteScreen(StepScreen):
    """Reads like a card: route, goal, family; then what was turned down, and why."""

    STEP = "route"
    HINT = "Other answers in step 1 change this card."

    def body(self) -> ComposeResult:
        yield Sheet(id="card", label_width=15)

    def draw(self, run: Run) -> None:
        self.query_one("#card", Sheet).show(card_rows(run.decision))
