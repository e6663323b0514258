"""The status line: one sentence that stays until it is answered, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from textual.widgets import Static

from weighbridge.domain.problems import Problem
from weighbridge.domain.text import clean_line

_NAME = re.compile(r"[._/\\\d]")
"""A word that holds one of these is a file, a field or a path, and is written as it is; so is one like `vLLM`."""

_ENDS = (".", "!", "?", "`")
"""What ends a sentence, before a closing bracket too; a bracket alone does not."""


@dataclass(frozen=True)
class Notice:
    """What the status line says. `problem` is shown with a sign, so that colour is not needed."""

    text: str
    hint: str = ""
    kind: Literal["hint", "info", "problem"] = "info"

    @classmethod
    def of(cls, problem: Problem) -> Notice:
        return cls(sentence(str(problem)), sentence(problem.in_steps), "problem")

    @property
    def line(self) -> str:
        sign = "! " if self.kind == "problem" else ""
        return f"{sign}{self.text} {self.hint}".strip()


def sentence(text: str) -> str:
    """Outside text as one line that ends with a full stop, and begins with a capital unless it begins with a name."""
    line = clean_line(text, 500).strip()
    if not line:
        return ""
    first = line.split()[0].rstrip(".,:;!?")
    start = line[0] if _NAME.search(first) or first[1:] != first[1:].lower() else line[0].upper()
    return start + line[1:] + ("" if line.rstrip(")")[-1:] in _ENDS else ".")


class StatusLine(Static):
    """Shows a notice, or the hint of the step in muted words where nothing else is to be said."""

    DEFAULT_CSS = """
    StatusLine { width: 1fr; height: auto; max-height: 8; padding: 0 1; }
    StatusLine.-hint { color: $foreground-muted; }
    StatusLine.-problem { color: $text-error; text-style: bold; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self.notice = Notice("")

    def show(self, notice: Notice) -> None:
        if notice == self.notice:
            return
        self.notice = notice
        self.set_class(notice.kind == "hint", "-hint")
        self.set_class(notice.kind == "problem", "-problem")
        self.update(notice.line)
