"""Which screen shows which step."""

from __future__ import annotations

from weighbridge.domain.steps import StepId
from weighbridge.tui.screens.card import CardScreen
from weighbridge.tui.screens.constraints import ConstraintsScreen
from weighbridge.tui.screens.decision import DecisionScreen
from weighbridge.tui.screens.eval import EvalScreen
from weighbridge.tui.screens.model import ModelScreen
from weighbridge.tui.screens.packet import PacketScreen
from weighbridge.tui.screens.proof import ProofScreen
from weighbridge.tui.screens.route import RouteScreen
from weighbridge.tui.screens.runtime import RuntimeScreen
from weighbridge.tui.screens.step import StepScreen

_ALL: tuple[type[StepScreen], ...] = (
    ConstraintsScreen,
    RouteScreen,
    ModelScreen,
    CardScreen,
    RuntimeScreen,
    ProofScreen,
    EvalScreen,
    DecisionScreen,
    PacketScreen,
)
SCREENS: dict[StepId, type[StepScreen]] = {screen.STEP: screen for screen in _ALL}
