"""The outside of a session: clocks, machine, tables and the runtime, passed in so that tests can replace each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from weighbridge.domain.machine import MachineFacts
from weighbridge.domain.model.licences import LicenceTable
from weighbridge.domain.proof.events import Mode
from weighbridge.domain.proof.runtime import Clock, RuntimeFactory
from weighbridge.domain.proof.samples import Conditions
from weighbridge.domain.route.table import Tables
from weighbridge.domain.serving.rental import Waits
from weighbridge.domain.verdict.rules import Rules
from weighbridge.services.conditions import read_conditions
from weighbridge.services.engine.dry_load import DryLoad, dry_load
from weighbridge.services.hub.hub import Hub
from weighbridge.services.machine import machine_facts
from weighbridge.services.runs.store import data_folder
from weighbridge.services.runtimes import make_runtime
from weighbridge.services.tables import load_licences, load_rules, load_tables


def utc_now() -> str:
    """The wall clock, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


ReadConditions = Callable[[Literal["before", "after"], Clock], Awaitable[Conditions]]


@dataclass(frozen=True)
class Deps:
    """What a session reaches beyond its run."""

    tables: Tables
    home: Path
    machine: Callable[[Path], MachineFacts] = machine_facts
    now: Callable[[], str] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    runtime: RuntimeFactory = make_runtime
    conditions: ReadConditions = read_conditions
    dry_load: DryLoad | None = dry_load
    """Asks the engine for a forecast; None: the formula alone."""
    licences: Callable[[], LicenceTable] = load_licences
    rules: Callable[[], Rules] = load_rules
    hub: Hub | None = None
    """None: the Hub of HF_ENDPOINT, made when it is first asked."""
    mode: Mode | None = None
    """Mode of the engine to begin with, as a recipe has it; None: the one that is known to work here."""
    waits: Waits = field(default_factory=Waits)
    """Patience with a rented machine."""


def hub_of(deps: Deps) -> Hub:
    """The Hub of these dependencies; without one, that of HF_ENDPOINT."""
    return deps.hub or Hub(deps.home)


def real_deps(home: Path | None = None, families: Path | None = None) -> Deps:
    """The real outside. `families`: a person's own planning table. BadInput if it cannot be read."""
    place = home or data_folder()
    own = families or place / "families.toml"
    return Deps(tables=load_tables(own if families or own.exists() else None), home=place)
