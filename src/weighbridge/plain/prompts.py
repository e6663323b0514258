"""Questions by line: printed once, never redrawn, without control characters."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

from weighbridge.domain.steps import StepId
from weighbridge.domain.text import clean_line
from weighbridge.plain import output
from weighbridge.session.session import Session

KEYS = "Enter takes the default, b goes back, ? explains, q saves and quits."
LONGEST = 20_000


class Back(Exception):
    """The person wants the question or step before."""


class Quit(Exception):
    """The person wants to leave. `asked` is False where the input ended."""

    def __init__(self, asked: bool) -> None:
        super().__init__()
        self.asked = asked


class GoTo(Exception):
    """The person wants to see another step."""

    def __init__(self, step: StepId) -> None:
        super().__init__()
        self.step = step


class Item(NamedTuple):
    """One possible answer: what it stands for, its words, a note."""

    value: object
    label: str
    note: str = ""


@dataclass
class Talk:
    """The conversation: the session, the event loop for its work, and the step that help explains."""

    session: Session
    runner: asyncio.Runner
    step: StepId = "constraints"

    def line(self, prompt: str, default: str = "") -> str:
        """What was typed, cleaned; the default for an empty line. Raises Back, and Quit at the end of input."""
        while True:
            output.ask(f"{prompt} [{default}]: " if default else f"{prompt}: ")
            raw = sys.stdin.readline() if sys.stdin is not None else ""
            text = clean_line(raw, LONGEST)
            if sys.stdin is None or not sys.stdin.isatty():
                output.text(text)
            if not raw or output.reader_gone():
                raise Quit(asked=False)
            match text:
                case "q":
                    raise Quit(asked=True)
                case "b":
                    raise Back
                case "?":
                    output.text(help_text(self.step))
                case "":
                    return default
                case _:
                    return text

    def choose(self, ask: str, items: Sequence[Item], default: object) -> object:
        """The value of the item that was named by its number or its words."""
        output.text(ask)
        for number, item in enumerate(items, 1):
            note = f" ({item.note})" if item.note else ""
            output.text(f"  {number}. {item.label}{note}")
        at = next((n for n, item in enumerate(items, 1) if item.value == default), None)
        while True:
            text = self.line("Number", str(at or "")).lower()
            for number, item in enumerate(items, 1):
                if text in (str(number), item.label.lower(), str(item.value).lower()):
                    return item.value
            output.text(f"Please type a number from 1 to {len(items)}.")


def help_text(step: StepId) -> str:
    """What there is to know about a step."""
    text = files("weighbridge").joinpath("data", "help", f"{step}.md").read_text(encoding="utf-8")
    return f"{text.strip()}\n\n{KEYS}"
