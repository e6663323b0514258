"""Packs of cases: the built-in ones, and a person's own TOML file, read and written."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_lines import load_toml
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.services.atomic import write_atomic
from weighbridge.services.cases.pack_text import pack_toml, spliced

MAX_BYTES = 16 * 2**20
MAX_PACK_BYTES = 128 * 2**20
"""100,000 short cases take about 20 MB."""
DEFAULT = "course-qa"
"""The pack for the lesson's own task: course Q&A on open-weight routes."""


@cache
def built_in_ids() -> tuple[str, ...]:
    """Ids of the built-in packs, the default one first; each is the name of its file."""
    names = (entry.name for entry in files("weighbridge").joinpath("data", "cases").iterdir())
    ids = sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))
    return tuple(sorted(ids, key=lambda one: one != DEFAULT))


@cache
def built_in_pack(pack_id: str = DEFAULT) -> CasePack:
    """A built-in pack by its id. BadInput where there is none of that id."""
    if pack_id not in built_in_ids():
        raise BadInput(
            f"There is no built-in pack {clean_line(pack_id, 80)}.", f"There are: {', '.join(built_in_ids())}."
        )
    text = files("weighbridge").joinpath("data", "cases", f"{pack_id}.toml").read_text(encoding="utf-8")
    return load_toml(text, f"{pack_id}.toml", CasePack)


def built_in_packs() -> dict[str, CasePack]:
    """Every built-in pack by its id, the default one first."""
    return {pack_id: built_in_pack(pack_id) for pack_id in built_in_ids()}


def read_text(path: Path, what: str, limit: int = MAX_BYTES) -> str:
    """The text of a person's file. BadInput where there is none, or where it is not UTF-8 text."""
    name = clean_line(str(path))
    if not os.path.isfile(path):  # also where the system refuses the name
        raise BadInput(f"There is no {what} {name}.", "Check the path; it must be a file.")
    try:
        if path.stat().st_size > limit:
            raise BadInput(f"{name} is larger than {limit >> 20} MiB.", f"A {what} is a small text file.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{name} is not UTF-8 text.", f"A {what} is a TOML file in UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {clean_line(error.strerror or '')}.") from None


def typed_path(name: str) -> Path:
    """A path as it is typed, with ~ for the home folder; of somebody who is not known here it stays as it is."""
    return Path(os.path.expanduser(name))


def load_pack(path: Path) -> CasePack:
    """A person's own pack. BadInput names the line and the fix."""
    return load_toml(read_text(path, "cases file", MAX_PACK_BYTES), clean_line(path.name), CasePack)


def find_pack(name: str, folder: Path | None = None) -> CasePack:
    """What a person names: the id of a built-in pack, or a cases file (`./NAME` where it is called like a pack).

    A relative path is looked for in `folder`, by default the present one. BadInput.
    """
    if name in built_in_ids():
        return built_in_pack(name)
    path = (folder or Path()) / typed_path(name)
    if not os.path.exists(path) and path.suffix != ".toml":
        known = ", ".join(built_in_ids())
        raise BadInput(f"{clean_line(name)} is neither a built-in pack nor a cases file.", f"Built-in packs: {known}.")
    return load_pack(path)


def save_pack(pack: CasePack, path: Path, *, over: bool = False) -> None:
    """Writes a pack as TOML that loads again as an equal pack, in one step.

    Over an earlier pack, the text of every case that is the same stays as the person wrote it, comments included; of
    a changed case the comments are lost. Refused over any other file. `over`: the person was asked, and
    what stands there goes. OutsideFailed where the disk fails. BadInput where TOML cannot hold a value.
    """
    old = "" if over and not path.is_dir() else _earlier(path)
    text = (spliced(old, pack, path.name) if old else None) or pack_toml(pack)
    if load_toml(text, path.name, CasePack) != pack:
        raise BadInput("The pack holds a text that TOML cannot give back unchanged.", "Look for odd line ends in it.")
    if not path.parent.is_dir():
        raise BadInput(f"There is no folder {clean_line(str(path.parent))}.", "Make it first, or choose another one.")
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    write_atomic(path, text.encode("utf-8"))
    with suppress(OSError):
        path.chmod(mode)


def _earlier(path: Path) -> str:
    """The text of the pack that stands there; empty where nothing does. Refused where something else does."""
    if not os.path.exists(path):
        return ""
    if path.is_dir():
        raise BadInput(f"{clean_line(str(path))} is a folder.", "Name a file in it, for example cases.toml.")
    try:
        load_pack(path)
        return read_text(path, "cases file", MAX_PACK_BYTES)
    except BadInput:
        raise Refused(
            f"{clean_line(str(path))} is there and is no cases file.", "Choose another name; it was not touched."
        ) from None
