"""The tables of the package: planning, with a person's own families on top, licences, and rules of the decision."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from weighbridge.domain.model.licences import LicenceTable
from weighbridge.domain.problems import BadInput
from weighbridge.domain.route.table import FamiliesFile, Family, OwnFamilies, RoutesFile, Tables
from weighbridge.domain.serving.servers import ServersFile
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_lines import explain, load_toml
from weighbridge.domain.verdict.rules import Rules

OWN_NAME = "families.toml"
"""The name of a person's own families file in the configuration folder."""

MAX_BYTES = 1_000_000
"""Largest own families file: a bigger one is some other file."""


def load_tables(own: Path | None = None, config_dir: Path | None = None) -> Tables:
    """The built-in tables; families of `own`, else of `config_dir`/families.toml, added or replaced by id.

    Raises BadInput with file, line and fix where the own file cannot be read or does not hold.
    """
    data = files("weighbridge").joinpath("data")
    built_in = load_toml(data.joinpath("families.toml").read_text("utf-8"), "families.toml", FamiliesFile)
    routes = load_toml(data.joinpath("routes.toml").read_text("utf-8"), "routes.toml", RoutesFile)
    families = {family.id: family for family in built_in.family}
    text, name = "", "families.toml"
    if path := _own_file(own, config_dir):
        text, name = _read(path), str(path)
        families |= {family.id: family for family in _own_rows(text, name)}
    try:
        return Tables(
            families=tuple(families.values()),
            lesson=built_in.lesson,
            evidence=routes.evidence,
            routes=routes.route,
            runtimes=routes.runtime,
            situations=routes.situation,
        )
    except ValidationError as error:
        raise BadInput(explain(error, text, name), "Correct the file and try again.") from None


@lru_cache(maxsize=1)
def load_licences() -> LicenceTable:
    """The table of licences; read when it is first asked for."""
    text = files("weighbridge").joinpath("data", "licences.toml").read_text("utf-8")
    return load_toml(text, "licences.toml", LicenceTable)


@lru_cache(maxsize=1)
def load_rules() -> Rules:
    """The rules of the decision. Nobody's own file changes them: a packet is checked by the same ones."""
    text = files("weighbridge").joinpath("data", "decision.toml").read_text("utf-8")
    return load_toml(text, "decision.toml", Rules)


@lru_cache(maxsize=1)
def load_servers() -> ServersFile:
    """The servers and GPUs that plans are exported for."""
    text = files("weighbridge").joinpath("data", "servers.toml").read_text("utf-8")
    return load_toml(text, "servers.toml", ServersFile)


def _own_file(own: Path | None, config_dir: Path | None) -> Path | None:
    if own is not None:
        return own
    found = config_dir / OWN_NAME if config_dir else None
    return found if found and found.exists() else None


def _own_rows(text: str, name: str) -> tuple[Family, ...]:
    rows = load_toml(text, name, OwnFamilies).family
    ids = [row.id for row in rows]
    if twice := [row for row in ids if ids.count(row) > 1]:
        raise BadInput(f"{clean_line(name)}: two families have the id {twice[0]!r}", "Give each its own id.")
    return rows


def _read(path: Path) -> str:
    shown = clean_line(str(path))
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = clean_line(error.strerror or str(error))
        raise BadInput(f"The families file {shown} cannot be read: {why}.", "Check the path.") from None
    if len(raw) > MAX_BYTES:
        raise BadInput(f"{shown} has more than {MAX_BYTES:,} bytes.", "Name a families file in TOML.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{shown}, line {line}: not UTF-8 text.", "Save the file as UTF-8.") from None
