"""Which screen shows which step. Each is imported when it is first shown: the wizard's first paint waits for none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from weighbridge.domain.steps import StepId

if TYPE_CHECKING:
    from weighbridge.tui.screens.step import StepScreen


def screen_of(step: StepId, focus: str = "") -> StepScreen:
    """A new screen of a step: `ProofScreen` of `screens/proof.py` for proof, and so on. `focus`: what gets it first."""
    module = import_module(f"weighbridge.tui.screens.{step}")
    screen: type[StepScreen] = getattr(module, f"{step.capitalize()}Screen")
    made = screen()
    made.focus_first = focus
    return made
