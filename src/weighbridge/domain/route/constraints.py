"""The constraint card: what the person may do, before any model is looked at."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator

from weighbridge.domain.base import Record
from weighbridge.domain.text import clean

Privacy = Literal["public", "internal", "private_docs"]
RouteName = Literal["local_cpu", "free_colab", "rented_gpu"]
Budget = Literal["none", "small", "medium", "large"]

BUDGETS: tuple[Budget, ...] = get_args(Budget)
"""From nothing to much; a budget covers every floor at or before it."""

TASK_LIMIT = 500
"""Longest task, in characters."""


def _one_line(task: str) -> str:
    """The task as one line of safe text. Raises ValueError when nothing is left, or too much."""
    line = clean(task).replace("\n", " ").replace("\t", " ").strip()
    if not line:
        raise ValueError("the task needs at least one word")
    if len(line) > TASK_LIMIT:
        raise ValueError(f"the task has {len(line)} characters; at most {TASK_LIMIT} fit")
    return line


class ConstraintCard(Record):
    """The seven answers. The lesson's `project` table is one of these as it stands."""

    task: Annotated[str, AfterValidator(_one_line)] = "course Q&A assistant"
    privacy: Privacy = "public"
    """Who may see the inputs: anybody, the organisation, or nobody outside the person's own machines."""
    available_route: RouteName = "local_cpu"
    needs_service_api: bool = False
    needs_fine_tuning: bool = False
    budget_level: Budget = "none"
    commercial_use: bool = False
    """Whether the model is to be used commercially: the licence gate asks."""


def covers(budget: Budget, floor: Budget) -> bool:
    """Whether a budget reaches a floor, in the order of `BUDGETS`."""
    return BUDGETS.index(budget) >= BUDGETS.index(floor)
