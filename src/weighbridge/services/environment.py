"""What a child process may have of our environment: no token, no proxy and no home folder reaches it by itself."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import weighbridge

_HARMLESS = (
    "PATH",
    "LANG",
    "LANGUAGE",
    "TMPDIR",
    "TEMP",
    "TMP",
    "LD_LIBRARY_PATH",
    "SYSTEMROOT",
    "WINDIR",
    "PATHEXT",
)


def harmless(*more: str) -> dict[str, str]:
    """The small list of variables that every child may have, the LC_ ones, and those that are named, as far as set."""
    return {n: value for n, value in os.environ.items() if n in _HARMLESS or n in more or n.startswith("LC_")}


def own_path() -> dict[str, str]:
    """PYTHONPATH for a child that is a module of this package; empty where Python finds the package by itself."""
    home = Path(weighbridge.__file__).resolve().parents[1]
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    return {} if home in installed else {"PYTHONPATH": str(home)}
