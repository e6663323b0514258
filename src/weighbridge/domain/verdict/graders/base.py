"""What every grader shares: it is a record, and it makes a mark of a text."""

from __future__ import annotations

from weighbridge.domain.base import Record


class Mark(Record):
    """Pass or fail with the reason in one sentence."""

    passed: bool
    reason: str


class BaseGrader(Record):
    """A rule and its arguments. The normalisation belongs to the rule: each grader says what it reads past."""

    @property
    def may_run_long(self) -> bool:
        """Whether some text may keep it busy for ever: such a grader works in a process that can be ended."""
        return False

    def mark(self, answer: str) -> Mark:
        """The mark of a cleaned answer that is not empty."""
        raise NotImplementedError
