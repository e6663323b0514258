"""What can go wrong, as one sentence for a person and one kind for a program.

Problem
├─ BadInput        the person's file, plan, path or answer is wrong        exit 2
├─ Refused         licence, memory or gate says no, with the way out       exit 3
├─ OutsideFailed   engine, disk or network failed                          exit 4
└─ HubProblem      the Hub, or the way to it; `kind` says what             exit by kind

A packet that does not verify is no Problem but a report, with exit 5.
"""

from __future__ import annotations

from typing import Literal

HubKind = Literal[
    "not_found",
    "bad_name",
    "bad_revision",
    "no_file",
    "gated",
    "private",
    "disabled",
    "rate_limited",
    "offline",
    "unreachable",
    "timeout",
    "nonsense",
    "no_ranges",
    "digest",
]
"""`unreachable`: no connection. `nonsense`: an answer that no Hub gives. `no_ranges`: the server sends whole files
only. `digest`: what came is not what the Hub declares. `private`: the Hub says 401 or 404 alike, so it may be."""


class Problem(Exception):
    """An expected failure. `str()` is one sentence: what is wrong and where. `hint` says what to do.

    `in_steps`: the hint for a person in the wizard, where `hint` speaks of the plan file.
    """

    exit_code = 4

    def __init__(self, message: str, hint: str = "", *, in_steps: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.in_steps = in_steps or hint

    def worded(self, message: str) -> Problem:
        """The same with another sentence."""
        return type(self)(message, self.hint, in_steps=self.in_steps)


class BadInput(Problem):
    exit_code = 2


class Refused(Problem):
    exit_code = 3


class OutsideFailed(Problem):
    exit_code = 4


class HubProblem(Problem):
    """`wait_s`: seconds until the Hub answers again, where it said so."""

    _EXITS: dict[str, int] = {  # noqa: RUF012
        **dict.fromkeys(("not_found", "bad_name", "bad_revision", "no_file"), 2),
        **dict.fromkeys(("gated", "private", "disabled"), 3),
    }

    def __init__(self, kind: HubKind, message: str, hint: str = "", wait_s: float | None = None) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.wait_s = wait_s
        self.exit_code = self._EXITS.get(kind, 4)
