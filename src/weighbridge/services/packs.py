"""Packs of cases: the built-in one, and a person's own TOML file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_lines import load_toml
from weighbridge.domain.verdict.cases import CasePack

MAX_BYTES = 16 * 2**20


def built_in_pack() -> CasePack:
    """The pack for the lesson's own task: course Q&A on open-weight routes."""
    text = files("weighbridge").joinpath("data", "cases", "course-qa.toml").read_text(encoding="utf-8")
    return load_toml(text, "course-qa.toml", CasePack)


def read_text(path: Path, what: str) -> str:
    """The text of a person's file. BadInput where there is none, or where it is not UTF-8 text."""
    name = clean_line(str(path))
    if not path.is_file():
        raise BadInput(f"There is no {what} {name}.", "Check the path; it must be a file.")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{name} is larger than {MAX_BYTES >> 20} MiB.", f"A {what} is a small text file.")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{name} is not UTF-8 text.", f"A {what} is a TOML file in UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {clean_line(error.strerror or '')}.") from None


def load_pack(path: Path) -> CasePack:
    """A person's own pack. BadInput names the line and the fix."""
    return load_toml(read_text(path, "cases file"), clean_line(path.name), CasePack)
