"""The seven questions, as both front ends ask them, and the consequence that stands beside each answer."""

from __future__ import annotations

from typing import Literal

from weighbridge.domain.base import Record
from weighbridge.domain.route.cautions import (
    LICENCE_GATE,
    api_caution,
    budget_caution,
    privacy_caution,
    route_caution,
    tuning_caution,
)
from weighbridge.domain.route.constraints import ConstraintCard
from weighbridge.domain.route.decide import RouteDecision

Field = Literal[
    "task", "privacy", "available_route", "needs_service_api", "needs_fine_tuning", "budget_level", "commercial_use"
]


class Choice(Record):
    """One answer: the value for the card, the label to show, a note of a few words."""

    value: bool | str
    label: str
    note: str


class Question(Record):
    """One question. Without choices the answer is free text."""

    field: Field
    title: str
    ask: str
    choices: tuple[Choice, ...] = ()


def _choices(*rows: tuple[bool | str, str, str]) -> tuple[Choice, ...]:
    return tuple(Choice(value=value, label=label, note=note) for value, label, note in rows)


QUESTIONS: tuple[Question, ...] = (
    Question(field="task", title="Task", ask="What shall the model do? One line."),
    Question(
        field="privacy",
        title="Privacy",
        ask="Who may see what the model reads?",
        choices=_choices(
            ("public", "Public", "anybody may read it"),
            ("internal", "Internal", "stays in the organisation"),
            ("private_docs", "Private documents", "must not leave your machines"),
        ),
    ),
    Question(
        field="available_route",
        title="Route",
        ask="Where can it run?",
        choices=_choices(
            ("local_cpu", "Local CPU", "this machine, no GPU"),
            ("free_colab", "Free Colab", "one notebook, may be reset"),
            ("rented_gpu", "Rented GPU", "billed by the hour until stopped"),
        ),
    ),
    Question(
        field="needs_service_api",
        title="Service API",
        ask="Must other programs reach it as a service?",
        choices=_choices((False, "No", "a proof is enough"), (True, "Yes", "a stable endpoint is needed")),
    ),
    Question(
        field="needs_fine_tuning",
        title="Fine-tuning",
        ask="Do you expect to change how the model behaves?",
        choices=_choices((False, "No", "prompt and RAG first"), (True, "Yes", "LoRA, after a failed baseline")),
    ),
    Question(
        field="budget_level",
        title="Budget",
        ask="What may GPU time cost?",
        choices=_choices(
            ("none", "None", "no GPU is paid for"),
            ("small", "Small", "one GPU up to 24 GB, short sessions"),
            ("medium", "Medium", "for hours, or up to 48 GB"),
            ("large", "Large", "80 GB or several GPUs"),
        ),
    ),
    Question(
        field="commercial_use",
        title="Commercial",
        ask="Will the model be used commercially?",
        choices=_choices((False, "No", "study, research, private use"), (True, "Yes", "product, service, paid work")),
    ),
)


def consequence(card: ConstraintCard, field: Field, decision: RouteDecision) -> str:
    """One or two sentences that stand beside the answer to a field: what follows from it for this card."""
    match field:
        case "task":
            return "The fixed cases and the packet carry this task; it changes neither route nor family."
        case "privacy":
            return _privacy(card)
        case "available_route":
            return f"Goal: {decision.goal}. Family: {decision.family.name}. {_ruled_out(decision)}"
        case "needs_service_api":
            return api_caution(card) or _api(card, decision)
        case "needs_fine_tuning":
            return f"{decision.adaptation}. {tuning_caution(card) or ''}".rstrip()
        case "budget_level":
            return budget_caution(card) or _budget(card, decision)
        case "commercial_use":
            return LICENCE_GATE[card.commercial_use]


def _privacy(card: ConstraintCard) -> str:
    if caution := privacy_caution(card):
        return caution
    if card.privacy == "private_docs":
        return "Documents stay on this machine; RAG before tuning. Owed: access rule, source trace, no data-leak note."
    if card.privacy == "internal":
        return "Inputs stay on this machine; keep the packet inside the organisation."
    return "Any route may be used."


def _ruled_out(decision: RouteDecision) -> str:
    out = [row.name for row in decision.rejected if row.code != "rank"]
    return f"Ruled out: {', '.join(out)}." if out else "No family is ruled out."


def _api(card: ConstraintCard, decision: RouteDecision) -> str:
    if not card.needs_service_api:
        return "No endpoint is owed; a run from the command line is proof enough."
    served = [row.name for row in decision.runtimes if row.usable]
    return f"Endpoint, request and response are owed. Runtimes that serve here: {', '.join(served) or 'none'}."


def _budget(card: ConstraintCard, decision: RouteDecision) -> str:
    if card.available_route != "rented_gpu":
        return "This route rents nothing, so the budget rules nothing out."
    out = [row.name for row in decision.rejected if row.code == "budget"]
    ruled = f"Out of reach: {', '.join(out)}." if out else "No family is out of reach."
    return f"{ruled} {route_caution(card)}"
