"""The nine steps, by name and number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StepId = Literal["constraints", "route", "model", "card", "runtime", "proof", "eval", "decision", "packet"]


@dataclass(frozen=True)
class Step:
    """One step of the chain. `title` is what the rail shows; `leaves` is what the program keeps of it."""

    id: StepId
    number: int
    title: str
    leaves: str


STEPS: tuple[Step, ...] = (
    Step("constraints", 1, "Constraints", "constraint card"),
    Step("route", 2, "Route", "decision card"),
    Step("model", 3, "Model", "exact name, revision, file and digest"),
    Step("card", 4, "Card", "card facts and licence note"),
    Step("runtime", 5, "Runtime", "forecast, settings, command"),
    Step("proof", 6, "Proof", "first run, samples, shutdown"),
    Step("eval", 7, "Eval", "pass or fail, latency and memory a case"),
    Step("decision", 8, "Decision", "decision and reason"),
    Step("packet", 9, "Packet", "the evidence packet"),
)
BY_ID: dict[StepId, Step] = {s.id: s for s in STEPS}
ORDER: tuple[StepId, ...] = tuple(s.id for s in STEPS)


def after(step: StepId) -> StepId | None:
    """The next step; None after the last."""
    at = ORDER.index(step) + 1
    return ORDER[at] if at < len(ORDER) else None


def before(step: StepId) -> StepId | None:
    """The step before; None before the first."""
    at = ORDER.index(step)
    return ORDER[at - 1] if at else None
