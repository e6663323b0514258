"""What `verify` says of a packet: one check for each thing that was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from weighbridge.domain.base import Record
from weighbridge.domain.text import clean_line

MOST = 50
"""Problems of one kind that are named; more are counted."""


class Check(Record):
    """One thing that holds, or one problem: `detail` names the file and what does not hold.

    `checked` is False where it could not be looked at; then `ok` is too, unless nothing rests on it.
    """

    name: str
    ok: bool
    detail: str
    checked: bool = True


class Report(Record):
    """`ok` only where every check is. `seal`: SHA-256 of the tag manifest; empty if there is none.

    `form`: of the records, where this version does not check that one. `owes`: how many things are owed to the route;
    None: not known.
    """

    ok: bool
    checks: tuple[Check, ...]
    seal: str = ""
    form: int | None = None
    owes: int | None = None


def area(name: str, holds: str, look: Callable[[], Iterable[str]]) -> list[Check]:
    """The checks of one area. `look` yields problems; without any, `holds` says what was found to hold.

    A packet is foreign data: whatever goes wrong while it is read is a problem of the packet, never a traceback.
    """
    try:
        found = list(islice(look(), MOST + 1))
    except OSError as error:
        found = [str(error)]
    except ValueError as error:
        found = [f"{name} could not be checked: {error}"]
    except Exception as error:
        found = [f"{name} could not be checked: {type(error).__name__}: {error}"]
    if not found:
        return [Check(name=name, ok=True, detail=holds)]
    shown = [Check(name=name, ok=False, detail=clean_line(text, 500)) for text in found[:MOST]]
    if len(found) > MOST:
        shown.append(Check(name=name, ok=False, detail=f"and more of that kind, the first {MOST} are named"))
    return shown
