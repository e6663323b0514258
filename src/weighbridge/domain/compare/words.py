"""A comparison as lines for a person, in the order in which it is to be read: both front ends show these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from weighbridge.domain.compare.comparison import CaseRow, CasesPart, Comparison, FigureRow
from weighbridge.domain.compare.doubts import first_of
from weighbridge.domain.compare.side import SideGate, SideHead, Unit
from weighbridge.domain.text import clean_line

Tone = Literal["text", "muted", "good", "bad", "warn"]
NAMED = 20
"""Cases of one kind that are named; more are counted."""
UNKNOWN = "not known"
_SIGNS = {True: "same", False: "OTHER"}


@dataclass(frozen=True)
class Line:
    """What it is about, and what is said of it."""

    label: str
    text: str
    tone: Tone = "text"


@dataclass(frozen=True)
class Section:
    title: str
    lines: tuple[Line, ...]


def verdict(c: Comparison) -> Line:
    """The one line to remember."""
    count = len(c.regressions)
    if count:
        how_many = "1 regression" if count == 1 else f"{count:,} regressions, first"
        return Line("Verdict", f"{how_many}: {c.regressions[0]}.", "bad")
    if not anything_compared(c):
        return Line("Verdict", "Nothing of these two may be compared, so that no regression can be told.", "warn")
    left = not_compared(c)
    rest = f" Not comparable: {', '.join(left)}." if left else ""
    return Line("Verdict", f"No regression among what may be compared.{rest}", "warn" if left else "good")


def anything_compared(c: Comparison) -> bool:
    """Whether cases or figures may be compared: where neither may, no regression can be told or ruled out."""
    return c.allowed.cases or c.allowed.proof or c.allowed.eval


def not_compared(c: Comparison) -> list[str]:
    """What the two packets have, or one of them has, and nothing can be said of."""
    may = c.allowed
    parts = (
        ("cases", may.cases),
        ("gate", may.gate),
        ("figures of the proof", may.proof),
        ("figures of the eval", may.eval),
    )
    left = [name for name, allowed in parts if not allowed]
    alone = len(c.cases.rows) - c.cases.aligned if c.cases else 0
    if may.cases and alone:
        left.insert(0, "1 case that is not in both" if alone == 1 else f"{alone:,} cases that are not in both")
    return left


def sections(c: Comparison) -> Iterator[Section]:
    """The whole comparison."""
    yield Section("Packets", tuple(_heads(c)))
    yield Section("What may be compared", tuple(_same(c)))
    if c.cases is not None:
        why = "" if c.allowed.cases else f"not comparable: {c.allowed.cases_why}"
        yield Section("Cases", tuple(_cases(c.cases, why)))
    yield Section("Gate and decision", tuple(_gate(c)))
    if c.figures:
        yield Section("Figures", tuple(_figure(row) for row in c.figures))
    if c.regressions:
        yield Section("Regressions", tuple(Line("regression", said, "bad") for said in _first(c.regressions)))
    yield Section("Rule", (Line("", c.rule, "muted"),))


def _heads(c: Comparison) -> Iterator[Line]:
    for label, head in (("old", c.old), ("new", c.new)):
        yield Line(label, f"{head.packet} · {head.model or 'no model'} · {head.written_at}")
        if not head.verified:
            yield Line(f"! {label}", f"NOT VERIFIED: it does not hold ({problem_of(head)})", "bad")
        if head.status == "planned":
            yield Line(f"! {label}", "a plan: nothing was run", "warn")
    yield from _software(c.old, c.new)


def problem_of(head: SideHead) -> str:
    """What does not hold of a packet, in short."""
    return first_of(head.problem, head.more_problems, head.packet)


def _software(old: SideHead, new: SideHead) -> Iterator[Line]:
    if old.software != new.software:
        yield Line("written by", f"{old.software} → {new.software}")


def _same(c: Comparison) -> Iterator[Line]:
    for row in c.same:
        of = "" if row.of == "packet" else f" ({row.of})"
        yield Line(f"{row.what}{of}", f"{_SIGNS[row.same]}: {row.said}", "text" if row.same else "warn")
    may = c.allowed
    for label, allowed, why in (
        ("cases", may.cases, may.cases_why),
        ("gate", may.gate, may.gate_why),
        ("figures (proof)", may.proof, may.proof_why),
        ("figures (eval)", may.eval, may.eval_why),
    ):
        tone: Tone = "good" if allowed else "warn"
        yield Line(f"→ {label}", "may be compared" if allowed else f"not comparable: {why}", tone)


def _cases(part: CasesPart, why: str) -> Iterator[Line]:
    if why:
        yield Line("!", f"{why}: shown, and nothing of it counts", "warn")
    if part.aligned:
        text = f"{part.old_passed} of {part.aligned} → {part.new_passed} of {part.aligned} cases in both"
        yield Line("passed", text)
    yield Line("flips", part.said)
    rows = {row.id: row for row in part.rows}
    kinds: tuple[tuple[str, Sequence[str], Tone], ...] = (
        ("regressed", part.regressed, "bad"),
        ("fixed", part.fixed, "good"),
        ("unstable", part.unstable, "warn"),
        ("overruled", part.overruled, "warn"),
        ("changed", part.changed, "muted"),
        ("only old", part.only_old, "muted"),
        ("only new", part.only_new, "muted"),
    )
    for label, names, tone in kinds:
        for text in _first([_case(rows[name]) for name in names[:NAMED]], len(names)):
            yield Line(label, text, tone)


def _case(row: CaseRow) -> str:
    must = " (must pass)" if row.must_pass else ""
    return f"{row.id}{must}: {_mark(row.old)} → {_mark(row.new)}" + "".join(f"; {note}" for note in row.notes)


def _mark(passed: bool | None) -> str:
    return "–" if passed is None else "passed" if passed else "failed"


def _first(texts: Sequence[str], count: int | None = None) -> Iterator[str]:
    """The first few, and how many more there are."""
    yield from texts[:NAMED]
    more = (len(texts) if count is None else count) - NAMED
    if more > 0:
        yield f"and {more:,} more"


def _gate(c: Comparison) -> Iterator[Line]:
    why = "" if c.allowed.gate else f" (not comparable: {c.allowed.gate_why})"
    tone: Tone = "bad" if c.gate.regression else "text"
    yield Line("gate", f"{_gate_words(c.gate.old)} → {_gate_words(c.gate.new)}{why}", tone)
    yield Line("decision", f"{c.decision.old or 'none'} → {c.decision.new or 'none'}")


def _gate_words(gate: SideGate | None) -> str:
    return "not judged" if gate is None else f"{gate.gate} {gate.passed}/{gate.total} ({gate.interval.text})"


_TONES: dict[str, Tone] = {"regression": "bad", "worse": "warn", "better": "good", "not comparable": "muted"}


def _figure(row: FigureRow) -> Line:
    """`0.120 s → 0.150 s (+0.030 s, +25.0 %; n 5 and 5): worse, too few runs`. One unit in the whole line."""
    mark = row.mark if row.mark != "worse" else "worse, and does not count"
    why = f": {row.note}" if row.note else ""
    large = max(abs(number) for number in (row.old, row.new, 0.0) if number is not None)
    old, new = (value(number, row.unit, beside=large) for number in (row.old, row.new))
    apart = "" if row.difference is None else f"{value(row.difference, row.unit, sign='+', beside=large)}, "
    by = "median of the cases' ratios " if row.percent_of == "ratios" else ""
    apart += "" if row.percent is None else f"{by}{_signed(f'{row.percent:+.1f}')} %; "
    text = f"{old} → {new} ({apart}n {row.old_n} and {row.new_n}) {mark}{why}"
    return Line(row.label, clean_line(text, 400), _TONES.get(row.mark, "text"))


def value(number: float | None, unit: Unit, sign: str = "", beside: float | None = None) -> str:
    """A figure with its unit. Times below a tenth of a second in milliseconds, memory in MiB.

    `beside`: the largest figure of the same line, which decides the unit of all of them.
    """
    if number is None:
        return UNKNOWN
    if unit == "bytes":
        return f"{_signed(f'{number / 2**20:{sign},.0f}')} MiB"
    if unit == "USD":
        return f"{_signed(f'{number:{sign},.4f}')} USD"
    if unit == "tokens/s":
        return f"{_signed(f'{number:{sign},.1f}')} tokens/s"
    if abs(number if beside is None else beside) < 0.1:
        return f"{_signed(f'{number * 1000:{sign}.1f}')} ms"
    return f"{_signed(f'{number:{sign}.3f}')} s"


def _signed(text: str) -> str:
    """A rounded number; nothing has no sign."""
    return text if text.strip("+-0.,") else text.lstrip("+-")
