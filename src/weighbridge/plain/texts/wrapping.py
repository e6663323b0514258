"""Lines that fit the terminal they are read on."""

from __future__ import annotations

import shutil
import sys
from textwrap import wrap

WIDEST, NARROWEST = 100, 40
"""Characters: longer lines are hard to read, and shorter ones hold no word beside a label."""


def columns() -> int:
    """Width for text: the terminal's, within bounds; 80 where it is not known."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))


def on_terminal() -> bool:
    """Whether standard output is read by a person at a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width` characters; `indent` stands before all but the first."""
    return wrap(text, width, subsequent_indent=indent, break_on_hyphens=False) or [""]
