"""Two packets compared: both are checked first, and one that does not hold is not compared unasked."""

from __future__ import annotations

from pathlib import Path

from weighbridge.domain.compare.compare import compare
from weighbridge.domain.compare.comparison import Comparison
from weighbridge.domain.compare.doubts import first_of
from weighbridge.domain.compare.side import Side
from weighbridge.domain.problems import BadInput, Problem
from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io.checks.form import AREA
from weighbridge.services.packet_io.report import Report
from weighbridge.services.packet_sides import doubts, read_side
from weighbridge.services.side_apart import reading


class DoesNotHold(Problem):
    """A packet that is to be compared does not verify."""

    exit_code = 5


def compare_packets(old: Path, new: Path, *, unverified: bool = False) -> Comparison:
    """Reads, checks and compares two packets. Blocks while both are checked.

    `unverified`: a packet that does not hold is compared all the same, and called so. DoesNotHold where one does not,
    or nothing of it can be read; BadInput where there is no packet, or both are one.
    """
    if _same_place(old, new):
        raise BadInput(f"{clean_line(str(old))} would be compared with itself.", "Name two packets.")
    with reading(new, beside=old) as read_new:
        return compare(_sound(old, unverified, *read_side(old)), _sound(new, unverified, *read_new()))


def _same_place(old: Path, new: Path) -> bool:
    try:
        return old.samefile(new)
    except (OSError, ValueError):
        return False


def _sound(path: Path, unverified: bool, side: Side | None, report: Report) -> Side:
    """The side where it may be compared."""
    name = clean_line(str(path))
    if side is None and unverified:
        raise DoesNotHold(
            f"{name} cannot be compared, verified or not: {_why(name, report)}.", f"`weighbridge verify {name}`."
        )
    if side is None or not (report.ok or unverified):
        raise DoesNotHold(f"{name} does not verify: {_why(name, report)}.", _hint(name, report))
    return side


def _why(name: str, report: Report) -> str:
    """What does not hold, in short."""
    problem, more = doubts(report)
    return first_of(problem, more, name) or "too little of it can be read"


def _hint(name: str, report: Report) -> str:
    if any(check.name == AREA and not check.ok for check in report.checks):
        return "Compare it with the version that wrote it."
    _, more = doubts(report)
    whole = "" if more else f"`weighbridge verify {name}` says all of it; "
    return f"{whole}--unverified compares it all the same, and says so."
