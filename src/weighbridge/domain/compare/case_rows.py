"""Cases before and now: aligned by id where question and expectation are the same, never by their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weighbridge.domain.compare.comparison import CaseChange, CaseRow, CasesPart
from weighbridge.domain.compare.side import SideCase, SideEval
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.paired import paired

NOTHING = "No case with a result is in both packets: nothing is said of better or worse."
Pair = tuple[SideCase, SideCase]


def pairs(old: SideEval, new: SideEval) -> tuple[Pair, ...]:
    """The cases that may be compared: equal content, and a result on both sides."""
    before = {case.id: case for case in old.cases}
    return tuple(
        (before[case.id], case)
        for case in new.cases
        if case.id in before
        and before[case.id].content == case.content
        and before[case.id].passed is not None
        and case.passed is not None
    )


def cases_part(old: SideEval, new: SideEval) -> CasesPart:
    """Every case of either side in one row, the counts of the aligned ones, and the test. Linear in the cases."""
    rows = tuple(_rows(old, new))
    aligned = [row for row in rows if row.change in ("passes", "fails", "fixed", "regressed")]
    by: dict[CaseChange, list[str]] = {}
    for row in rows:
        by.setdefault(row.change, []).append(row.id)
    regressed, fixed = by.get("regressed", []), by.get("fixed", [])
    both = (*old.cases, *new.cases)
    before, now = ({row.id: bool(getattr(row, side)) for row in aligned} for side in ("old", "new"))
    tested = paired(before, now) if aligned else None
    return CasesPart(
        aligned=len(aligned),
        old_passed=sum(bool(row.old) for row in aligned),
        new_passed=sum(bool(row.new) for row in aligned),
        regressed=tuple(regressed),
        fixed=tuple(fixed),
        unstable=_ids(case for case in both if case.unstable),
        overruled=_ids(case for case in both if case.overruled),
        changed=tuple(by.get("changed", [])),
        only_old=tuple(by.get("only old", [])),
        only_new=tuple(by.get("only new", [])),
        p=tested.p if tested else None,
        said=" ".join(tested.sentences) if tested else NOTHING,
        rows=rows,
    )


def _rows(old: SideEval, new: SideEval) -> Iterator[CaseRow]:
    before, now = ({case.id: case for case in side.cases} for side in (old, new))
    for name in (*before, *(name for name in now if name not in before)):
        yield _row(name, before.get(name), now.get(name))


def _row(name: str, old: SideCase | None, new: SideCase | None) -> CaseRow:
    last = new or old
    assert last is not None
    notes = [
        f"{when}: {note}"
        for when, case in (("before", old), ("now", new))
        for note in (_notes(case) if case is not None else ())
    ]
    return CaseRow(
        id=name,
        change=_change(old, new),
        must_pass=last.must_pass,
        old=old.passed if old else None,
        new=new.passed if new else None,
        notes=tuple(clean_line(note, 300) for note in notes),
    )


def _change(old: SideCase | None, new: SideCase | None) -> CaseChange:
    if old is None or new is None:
        return "only new" if old is None else "only old"
    if old.content != new.content:
        return "changed"
    if old.passed is None or new.passed is None:
        return "no result"
    if old.passed == new.passed:
        return "passes" if new.passed else "fails"
    return "fixed" if new.passed else "regressed"


def _notes(case: SideCase) -> Iterator[str]:
    if case.unstable:
        yield "unstable, answers to one prompt differ"
    if case.failure:
        yield f"the engine gave no whole answer: {case.failure}"
    if case.overruled:
        graded = "passed" if case.graded else "failed"
        yield f"overruled by a person, the grader says {graded}: {case.overruled.reason}"


def _ids(cases: Iterable[SideCase]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(case.id for case in cases))
