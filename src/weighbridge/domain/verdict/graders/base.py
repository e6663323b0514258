"""What every grader shares: it is a record, and it makes a mark of a text."""

from __future__ import annotations

from weighbridge.domain.base import Record
from weighbridge.domain.text import clean_line


class Mark(Record):
    """Pass or fail with the reason in one sentence."""

    passed: bool
    reason: str


def quoted(text: str, most: int = 60) -> str:
    """A text as it was written, between quotes on one line: a backslash stays one."""
    return f"'{clean_line(text, most)}'"


def plain_number(value: float) -> str:
    """A number as a person writes it: 1,000,000 and 0.05."""
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 1e16 else f"{value:,.12g}"


class BaseGrader(Record):
    """A rule and its arguments. The normalisation belongs to the rule: each grader says what it reads past."""

    @property
    def may_run_long(self) -> bool:
        """Whether some text may keep it busy for ever: such a grader works in a process that can be ended."""
        return False

    def mark(self, answer: str) -> Mark:
        """The mark of a cleaned answer that is not empty."""
        raise NotImplementedError
