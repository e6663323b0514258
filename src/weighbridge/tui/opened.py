"""Everything that the wizard needs once its first frame is painted: imported in one go, in a thread behind it."""

from weighbridge.session import Session, real_deps
from weighbridge.session.runs.opening import open_run
from weighbridge.tui.screens.constraints import ConstraintsScreen
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.work.history import view_of
from weighbridge.tui.work.jobs import Jobs

__all__ = ["ConstraintsScreen", "Jobs", "Session", "StepScreen", "open_run", "real_deps", "view_of"]
