"""The comparison of two packets: first what may be compared, then what became of it."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.compare.case_rows import cases_part, pairs
from weighbridge.domain.compare.comparison import CasesPart, Comparison, DecisionPart, FigureRow, GatePart
from weighbridge.domain.compare.figure_rows import RULE, eval_rows, proof_rows
from weighbridge.domain.compare.grounds import allowed, sameness
from weighbridge.domain.compare.side import Side


def compare(old: Side, new: Side) -> Comparison:
    """Everything of two packets, old before new. Only what may be compared counts as a regression."""
    one, other = old.evaluation, new.evaluation
    aligned = pairs(one, other) if one and other else ()
    same = sameness(old, new)
    may = allowed(old, new, same, len(aligned))
    cases = cases_part(one, other) if one and other else None
    then, now = (side.gate if side else None for side in (one, other))
    fell = then is not None and now is not None and then.gate != "FAILED" and now.gate == "FAILED"
    gate = GatePart(old=then, new=now, regression=may.gate and fell)
    figures: list[FigureRow] = []
    if old.proof and new.proof:
        figures += proof_rows(old.proof, new.proof, may.proof_why)
    figures += eval_rows(aligned, may.eval_why)
    found = tuple(_regressions(cases if may.cases else None, gate, figures))
    return Comparison(
        old=old.head,
        new=new.head,
        same=same,
        allowed=may,
        cases=cases,
        gate=gate,
        decision=DecisionPart(old=old.head.decision, new=new.head.decision),
        figures=tuple(figures),
        rule=RULE,
        regressions=found,
        regression=bool(found),
    )


def _regressions(cases: CasesPart | None, gate: GatePart, figures: list[FigureRow]) -> Iterator[str]:
    """One sentence each."""
    for row in cases.rows if cases else ():
        if row.change == "regressed":
            must = ", a must-pass case," if row.must_pass else ""
            yield f"case {row.id}{must} passed before and fails now"
    if gate.regression and gate.old and gate.new:
        yield f"the gate was {gate.old.gate} and is FAILED, by the same rule on the same cases"
    for figure in figures:
        if figure.mark == "regression":
            by = " by the median of the cases' ratios" if figure.percent_of == "ratios" else ""
            yield f"{figure.label} ({figure.of}) is {abs(figure.percent or 0.0):.1f} % worse{by}"
