"""The one writer of standard error: messages and progress for people."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from weighbridge.domain.problems import Problem
from weighbridge.domain.text import clean_line

if TYPE_CHECKING:
    from weighbridge.domain.proof.noise import Noise

_LIMIT = 1000
_HUB = logging.getLogger("weighbridge.hub")
_painted = False


def say(message: str, hint: str = "") -> None:
    """`weighbridge: message`, and what to do about it on a line of its own."""
    note(f"weighbridge: {clean_line(message, _LIMIT)}")
    if hint:
        note(f"  {clean_line(hint, _LIMIT)}")


def problem(trouble: Problem) -> None:
    """The one sentence of an expected failure, and the way out."""
    say(str(trouble), trouble.hint)


def noise(mark: Noise | None, what: str, *, failed: bool = False) -> None:
    """Says why, where other programs disturbed the figures of `what`: the proof, the eval."""
    from weighbridge.plain.texts.noise import contended

    if sentence := contended(mark, what, failed=failed):
        say(sentence)


def doubts(sentences: Iterable[str], what: str) -> None:
    """Each doubt of a server's account of `what`: the proof, the eval."""
    for sentence in sentences:
        say(f"{what}, doubtful: {sentence}")


def note(line: str) -> None:
    """A line of progress, below a painted one. Nobody who listens is no error."""
    end_painting()
    _write(line + "\n")


@contextmanager
def hub_told() -> Iterator[None]:
    """What the Hub's services say meanwhile is noted: that a server is waited for, or asked again."""
    handler = _Notes()
    level = _HUB.level
    _HUB.addHandler(handler)
    _HUB.setLevel(logging.INFO)
    try:
        yield
    finally:
        _HUB.setLevel(level)
        _HUB.removeHandler(handler)


class _Notes(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        note(clean_line(record.getMessage(), _LIMIT))


def interrupts_untold() -> None:
    """asyncio tells of each task that ctrl+c tore apart, with its traceback: whoever pressed it knows."""
    logging.getLogger("asyncio").addFilter(_is_no_interrupt)


def _is_no_interrupt(record: logging.LogRecord) -> bool:
    return not record.exc_info or not isinstance(record.exc_info[1], KeyboardInterrupt)


def can_repaint() -> bool:
    """Whether a line may be drawn over: a terminal that is neither dumb nor read aloud."""
    dumb = os.environ.get("TERM") == "dumb" or os.environ.get("ACCESSIBLE", "") not in ("", "0")
    return not dumb and sys.stderr is not None and sys.stderr.isatty()


def repaint(line: str) -> None:
    """Draws over the line that was painted last."""
    global _painted
    _painted = True
    width = max(1, shutil.get_terminal_size().columns - 1)
    _write("\r" + clean_line(line, width).ljust(width))


def end_painting() -> None:
    """What follows starts on a line of its own."""
    global _painted
    if _painted:
        _painted = False
        _write("\n")


def _write(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        return
