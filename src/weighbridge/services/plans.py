"""Reading a plan and the cases that it names."""

from __future__ import annotations

from pathlib import Path

from weighbridge.domain.plan import Plan
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_lines import load_toml
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.services.cases.packs import find_pack, read_text


def load_plan(path: Path) -> Plan:
    """The plan of a TOML file. BadInput names the line and the fix."""
    return load_toml(read_text(path, "plan"), clean_line(path.name), Plan)


def pack_of(plan: Plan, path: Path) -> CasePack | None:
    """The cases that a plan names, by the id of a built-in pack or by file; None for the default ones.

    A relative path is looked for beside the plan.
    """
    return find_pack(plan.eval.cases, path.parent) if plan.eval.cases else None


def model_of(plan: Plan, path: Path) -> str:
    """MODEL as the session takes it: a file beside the plan becomes a path, everything else stays as written."""
    beside = path.parent / plan.model.use
    return str(beside) if plan.model.use != "bundled" and beside.is_file() else plan.model.use
