"""What a comparison says: what may be compared and why, then cases, gate, decision and figures."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.compare.side import Better, SideGate, SideHead, Unit
from weighbridge.domain.verdict.decision import Choice

What = Literal["server", "cases", "model", "machine", "settings", "prompt", "quiet"]
Part = Literal["packet", "proof", "eval"]
CaseChange = Literal["passes", "fails", "fixed", "regressed", "no result", "changed", "only old", "only new"]
FigureMark = Literal["alike", "better", "worse", "regression", "not comparable", "not measured"]


class Sameness(Record):
    """One thing that has to be the same for something to be compared, and whether it is."""

    what: What
    of: Part
    same: bool
    said: str


class Allowed(Record):
    """Whether a part of the packets may be compared; `why`: what speaks against it, empty where nothing does."""

    cases: bool
    cases_why: str
    gate: bool
    gate_why: str
    proof: bool
    proof_why: str
    eval: bool
    eval_why: str


class CaseRow(Record):
    """One case before and now. `change`: regressed and fixed are of cases with equal content alone."""

    id: str
    change: CaseChange
    must_pass: bool
    old: bool | None = Field(description="passed; null: it has no result, or is not among the old cases")
    new: bool | None
    notes: tuple[str, ...] = ()


class CasesPart(Record):
    """The cases by their counts, and the exact test of those that changed their mark.

    `aligned`: cases with equal content and a result on both sides; `old_passed`, `new_passed`, `regressed` and `fixed`
    are counted among them. `p`: two-sided, McNemar's test by the binomial distribution; null: nothing is aligned.
    """

    aligned: int
    old_passed: int
    new_passed: int
    regressed: tuple[str, ...]
    fixed: tuple[str, ...]
    unstable: tuple[str, ...] = Field(description="answers to one prompt differ, in one packet at least")
    overruled: tuple[str, ...] = Field(description="marked by a person, in one packet at least")
    changed: tuple[str, ...] = Field(description="one id, and another question or expectation")
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    p: float | None
    said: str
    rows: tuple[CaseRow, ...]


class GatePart(Record):
    """The gate before and now; null: it was not judged. `regression`: not FAILED before, FAILED by the same rule."""

    old: SideGate | None
    new: SideGate | None
    regression: bool


class DecisionPart(Record):
    """What was decided; null: nothing, or on other evidence."""

    old: Choice | None
    new: Choice | None


class FigureRow(Record):
    """One figure before and now. `n`: how many values each median rests on.

    `percent_of`: `value`: how far `new` is from `old`; `ratios`: the median of each case's own ratio, which is not
    the ratio of the two medians shown.
    """

    of: Literal["proof", "eval"]
    name: str
    label: str
    unit: Unit
    better: Better
    old: float | None
    new: float | None
    old_n: int
    new_n: int
    difference: float | None
    percent: float | None
    percent_of: Literal["value", "ratios"] = "value"
    mark: FigureMark
    note: str


class Comparison(Record):
    """Two packets side by side. `regressions`: a sentence for each thing that became worse and counts."""

    schema_version: Literal[1] = 1
    old: SideHead
    new: SideHead
    same: tuple[Sameness, ...]
    allowed: Allowed
    cases: CasesPart | None = Field(description="null: one packet has run no cases")
    gate: GatePart
    decision: DecisionPart
    figures: tuple[FigureRow, ...]
    rule: str
    regressions: tuple[str, ...]
    regression: bool
