"""What the rules give from a packet's own records: route, forecast, options, decision, completeness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weighbridge.domain.deciding import cost_so_far
from weighbridge.domain.flow import advised
from weighbridge.domain.model.forecast import memory_verdict
from weighbridge.domain.packet import completeness
from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.route.decide import RouteDecision, decide
from weighbridge.domain.route.table import Tables
from weighbridge.domain.verdict.decision import CHOICES, Verdict
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.fill.decision import (
    CASES_DIGEST,
    FORMULAS_OF_DECISION,
    FORMULAS_OF_RUNTIME,
    GATE_RULE,
)
from weighbridge.services.packet_io.rebuild import run_of
from weighbridge.services.tables import load_tables

DECISION, RUNTIME = "data/decision.json", "data/runtime.json"


def check_route(c: Contents) -> Iterator[str]:
    """The route card against the constraints. A person's own families may be added, built-in ones do not vanish."""
    if c.decision is None:
        return
    card, said = c.decision.constraints, c.decision.route
    if card.available_route != said.route:
        yield f"{DECISION}: the constraints name {card.available_route}, the decision {said.route}"
    tables = load_tables()
    right = decide(card, tables, None)
    for field in ("task", "privacy", "route_name", "goal", "adaptation", "evidence", "situations"):
        if getattr(said, field) != getattr(right, field):
            yield f"{DECISION}: route.{field} does not follow from the constraints"
    named = [said.family.id, *(row.id for row in said.rejected)]
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield f"{DECISION}: the family {name} stands twice among those chosen and rejected"
    for family in tables.ranked():
        if family.id not in named:
            yield f"{DECISION}: route.rejected lacks the family {family.id}, which was not chosen either"
    yield from _of_family(said, card, tables)


def _of_family(said: RouteDecision, card: ConstraintCard, tables: Tables) -> Iterator[str]:
    """What follows from the chosen family alone, if it is a built-in one: how it is described, and what runs it."""
    own = tuple(family for family in tables.families if family.id == said.family.id)
    if not own:
        return
    right = decide(card, tables.model_copy(update={"families": own}), None)
    for field in ("runtimes", "suggested_runtime"):
        if getattr(said, field) != getattr(right, field):
            yield f"{DECISION}: route.{field} does not follow from the chosen family"
    for field in ("name", "examples", "licence", "note", "memory_bytes"):
        if getattr(said.family, field) != getattr(right.family, field):
            yield f"{DECISION}: route.family.{field} is not what the table says of {said.family.id}"


def check_forecast(c: Contents) -> Iterator[str]:
    """Sums and verdict of the forecast from its own figures."""
    forecast = c.runtime.forecast if c.runtime else None
    if forecast is None:
        return
    parts = ("weights_bytes", "kv_bytes", "compute_bytes", "output_bytes", "process_bytes", "overhead_bytes")
    total = sum(getattr(forecast, part) for part in parts)
    most = total + forecast.repack_bytes
    right = {
        "total_bytes": total,
        "total_max_bytes": most,
        "verdict": "refused" if forecast.refusal else memory_verdict(total, most, forecast.available_bytes),
    }
    for field, value in right.items():
        if getattr(forecast, field) != value:
            yield f"{RUNTIME}: forecast.{field} is {getattr(forecast, field)}, its figures give {value}"


def check_decision(c: Contents) -> Iterator[str]:
    """What was allowed follows from constraints and gate, and the decision is among it."""
    d = c.decision
    if d is None:
        return
    run = run_of(c)
    right = advised(run)
    rows = right.options
    if d.options != rows:
        yield f"{DECISION}: options: what is allowed does not follow from the constraints and the gate"
    if d.recommended != right.choice:
        yield f"{DECISION}: recommended is {d.recommended}, the gate recommends {right.choice}"
    elif d.recommended_why != right.why:
        yield f"{DECISION}: recommended_why does not follow from the constraints and the gate"
    if d.cost != cost_so_far(run):
        yield f"{DECISION}: cost does not follow from what the jobs have cost"
    if d.verdict is None:
        if d.verdict_current:
            yield f"{DECISION}: verdict_current is true, and there is no verdict"
        return
    yield from _allowed_then(d.verdict)
    advice = (d.verdict.recommended, d.verdict.recommended_why)
    if d.verdict_current and advice != (right.choice, right.why):
        yield f"{DECISION}: the verdict's recommendation is not that of this evidence, but verdict_current is true"
    if d.verdict_current and d.verdict.options != rows:
        yield f"{DECISION}: the verdict's options are not those of this evidence, but verdict_current is true"


def _allowed_then(verdict: Verdict) -> Iterator[str]:
    """What was allowed when the verdict was given, which may have been of other evidence, agrees with itself."""
    allowed = {row.choice for row in verdict.options if row.allowed}
    if verdict.choice not in allowed:
        yield f"{DECISION}: the verdict {verdict.choice} is not among the allowed options"
    if tuple(row.choice for row in verdict.options) != CHOICES:
        yield f"{DECISION}: the verdict's options are not {', '.join(CHOICES)}, each once"
    for row in verdict.options:
        if row.allowed and row.way_out:
            yield f"{DECISION}: the verdict's option {row.choice} is allowed, and there is a way out of its lock"


def check_list(c: Contents) -> Iterator[str]:
    """The completeness list is the one that the records give."""
    d = c.decision
    if d is None:
        return
    if d.complete != all(item.held for item in d.completeness):
        yield f"{DECISION}: complete is {d.complete}, the list says otherwise"
    if d.disputed != tuple(item.id for item in d.completeness if item.disputed):
        yield f"{DECISION}: disputed is not what the list says"
    said = {item.id: item for item in d.completeness}
    right = {item.id: item for item in completeness(run_of(c))}
    if list(said) != list(right):
        yield f"{DECISION}: completeness lists {', '.join(said)}; the route asks for {', '.join(right)}"
    for name in [name for name in right if name in said]:
        if name == "decision" and not d.verdict_current:
            if said[name].held:
                yield f"{DECISION}: completeness: decision is said to be held, and the verdict is not current"
        elif said[name] != right[name]:
            one, other = said[name].fact, right[name].fact
            what = f"says {one.text!r} ({one.status}), the records give {other.text!r} ({other.status})"
            yield f"{DECISION}: completeness: {name} {what}"


def check_formulas(c: Contents) -> Iterator[str]:
    """The rules that are quoted beside the figures are those by which they were checked."""
    pairs: list[tuple[str, Any, Any]] = []
    if c.decision:
        pairs.append((f"{DECISION}: formulas", c.decision.formulas, FORMULAS_OF_DECISION))
    if c.runtime:
        pairs.append((f"{RUNTIME}: formulas", c.runtime.formulas, FORMULAS_OF_RUNTIME))
    if c.policy:
        pairs.append(("data/policy.json: rule", c.policy.rule, GATE_RULE))
        pairs.append(("data/policy.json: cases_digest_of", c.policy.cases_digest_of, CASES_DIGEST))
    yield from (f"{where} is not what this program computes by" for where, said, right in pairs if said != right)
