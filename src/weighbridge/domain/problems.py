"""What can go wrong, as one sentence for a person and one kind for a program.

Problem
├─ BadInput        the person's file, plan, path or answer is wrong        exit 2
├─ Refused         licence, memory or gate says no, with the way out       exit 3
└─ OutsideFailed   engine, disk or network failed                          exit 4

A packet that does not verify is no Problem but a report, with exit 5.
"""

from __future__ import annotations


class Problem(Exception):
    """An expected failure. `str()` is one sentence: what is wrong and where. `hint` says what to do."""

    exit_code = 4

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class BadInput(Problem):
    exit_code = 2


class Refused(Problem):
    exit_code = 3


class OutsideFailed(Problem):
    exit_code = 4
