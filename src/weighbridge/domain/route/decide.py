"""Constraints in, route and family out, with a reason for everything that was turned down."""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.base import Record
from weighbridge.domain.route.cautions import cautions
from weighbridge.domain.route.constraints import ConstraintCard, Privacy, RouteName, covers
from weighbridge.domain.route.table import GIB, Family, RuntimeRow, Situation, Tables

Code = Literal["route", "runtime", "memory", "budget", "api", "rank"]

RAG_FIRST = "RAG first; LoRA only after fixed eval failures"
AFTER_BASELINE = "prepare LoRA after baseline eval"

FALLBACK = "small-instruct"
"""The family to begin with where nothing fits."""


class Chosen(Record):
    """The family to start with. `why` is a sentence; `examples` are repositories to look at."""

    id: str
    name: str
    why: str
    examples: tuple[str, ...]
    licence: str
    note: str
    memory_bytes: int
    """Planning estimate for its smallest member, in bytes."""


class Rejected(Record):
    """A family that was not chosen. `rank` means that it fits too, but stands later in the table."""

    id: str
    name: str
    code: Code
    reason: str


class RuntimeOption(Record):
    """One runtime, and whether it can be used for the chosen family on this route."""

    id: str
    name: str
    usable: bool
    needs: str
    reason: str


class RouteDecision(Record):
    """The decision card of one constraint card on one machine."""

    task: str
    privacy: Privacy
    route: RouteName
    route_name: str
    goal: str
    family: Chosen
    rejected: tuple[Rejected, ...]
    runtimes: tuple[RuntimeOption, ...]
    suggested_runtime: str
    """Name of the runtime to begin with."""
    adaptation: str
    evidence: tuple[str, ...]
    """The six lines, and what the route owes beside them."""
    situations: tuple[Situation, ...]
    cautions: tuple[str, ...]


def decide(card: ConstraintCard, tables: Tables, available_bytes: int | None) -> RouteDecision:
    """The route, the first family by rank that nothing speaks against, and the reasons against the others.

    `available_bytes` is the memory that this machine can give; None (not known) rejects nothing. Where no
    family fits, the small instruct model is named with a caution.
    """
    route = tables.route(card.available_route)
    ranked = tables.ranked()
    refused = {family.id: _refusal(family, card, tables, available_bytes) for family in ranked}
    fitting = [family for family in ranked if refused[family.id] is None]
    chosen = fitting[0] if fitting else next((f for f in ranked if f.id == FALLBACK), ranked[0])
    obstacle = refused[chosen.id]
    runtimes = tuple(_option(row, chosen, card, route.name) for row in tables.runtimes)
    usable = {option.id: option.name for option in runtimes if option.usable}
    best = next((name for name in route.runtime_order if name in usable), None)
    return RouteDecision(
        task=card.task,
        privacy=card.privacy,
        route=route.id,
        route_name=route.name,
        goal=route.goal,
        family=_chosen(chosen, card, obstacle),
        rejected=tuple(
            refused[family.id] or _later(family, chosen, card, available_bytes)
            for family in ranked
            if family is not chosen
        ),
        runtimes=runtimes,
        suggested_runtime=usable[best] if best else next(iter(usable.values()), "none"),
        adaptation=AFTER_BASELINE if card.needs_fine_tuning else RAG_FIRST,
        evidence=tables.evidence + route.evidence,
        situations=_situations(card, tables),
        cautions=cautions(card, nothing_fits=f"{obstacle.name} stands in. {obstacle.reason}" if obstacle else None),
    )


def _refusal(family: Family, card: ConstraintCard, tables: Tables, available: int | None) -> Rejected | None:
    """The first obstacle for a family, or None. As in the lesson, a service counts on a rented GPU only."""
    route = card.available_route
    rented = route == "rented_gpu"
    here = {row.id for row in tables.runtimes if route in row.routes}
    if route not in family.routes:
        listed = " and ".join(family.routes) or "no route"
        note = f": {family.route_note}" if family.route_note else ""
        return _no(family, "route", f"The table lists it for {listed}, not for {route}{note}.")
    if not here & set(family.runtimes):
        return _no(family, "runtime", f"No runtime of it works on {route}: {', '.join(family.runtimes)}.")
    if route == "local_cpu" and available is not None and family.memory_bytes > available:
        room = f"{available / GIB:.1f} GiB"
        return _no(family, "memory", f"{need(family)}, and this machine has {room} available.")
    if rented and not covers(card.budget_level, family.budget_floor):
        least, yours = family.budget_floor, card.budget_level
        return _no(family, "budget", f"A GPU for it needs a budget of at least {least}; yours is {yours}.")
    if rented and card.needs_service_api and not family.serves_api:
        why = family.api_note or "the table promises no service with it"
        return _no(family, "api", f"A service API is needed: {why}.")
    return None


def _no(family: Family, code: Code, reason: str) -> Rejected:
    return Rejected(id=family.id, name=family.name, code=code, reason=reason)


def need(family: Family) -> str:
    """What the smallest member needs, with the figures that the estimate is made of."""
    return (
        f"Its smallest member, {family.smallest}, needs about {family.memory_bytes / GIB:.1f} GiB "
        f"({family.smallest_params_b:g} x 10^9 parameters x {family.bytes_per_param:g} bytes "
        f"+ {family.overhead_gib:g} GiB)"
    )


def _later(family: Family, chosen: Family, card: ConstraintCard, available: int | None) -> Rejected:
    """A family that fits too: the order of the table decided."""
    reason = f"It fits too; {chosen.name} comes first in the planning table (an order, no quality mark)."
    if card.available_route == "local_cpu":
        room = f" of {available / GIB:.1f} GiB available" if available is not None else ""
        reason = f"{need(family)}{room}. {reason}"
    return _no(family, "rank", reason)


def _chosen(family: Family, card: ConstraintCard, obstacle: Rejected | None) -> Chosen:
    if obstacle:
        why = "Nothing in the table fits these constraints; this is the smallest start."
    elif card.available_route == "local_cpu":
        why = f"The first family in the table that fits {card.available_route}. {need(family)}."
    else:
        why = f"The first family in the table that fits {card.available_route}."
        if card.available_route == "rented_gpu" and family.serves_api:
            why = f"The first family in the table that fits {card.available_route} with a service API."
    return Chosen(
        id=family.id,
        name=family.name,
        why=why,
        examples=family.examples,
        licence=family.licence,
        note=family.note,
        memory_bytes=family.memory_bytes,
    )


def _option(row: RuntimeRow, family: Family, card: ConstraintCard, route_name: str) -> RuntimeOption:
    """A runtime against route, family and API."""
    needs_api = card.needs_service_api and card.available_route == "rented_gpu"
    if card.available_route not in row.routes:
        usable, reason = False, f"Not for {route_name}: {row.elsewhere}."
    elif row.id not in family.runtimes:
        usable, reason = False, f"The table does not list it for {family.name}."
    elif needs_api and not row.serves_api:
        usable, reason = False, f"A service API is needed: {row.api_note}."
    elif card.needs_service_api:
        usable, reason = True, f"Works on {route_name}; {row.api_note}."
    else:
        usable, reason = True, f"Works on {route_name}."
    return RuntimeOption(id=row.id, name=row.name, usable=usable, needs=row.needs, reason=reason)


def _situations(card: ConstraintCard, tables: Tables) -> tuple[Situation, ...]:
    """The lesson's situations that these constraints describe."""
    applies = {
        "laptop-only": card.available_route == "local_cpu",
        "short-experiment": card.available_route == "free_colab",
        "stable-service": card.needs_service_api,
        "private-documents": card.privacy == "private_docs",
        "domain-behaviour": card.needs_fine_tuning,
    }
    return tuple(row for row in tables.situations if applies.get(row.id))
