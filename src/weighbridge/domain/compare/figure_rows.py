"""Figures before and now, and by what rule one of them counts as a regression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from weighbridge.domain.compare.case_rows import Pair
from weighbridge.domain.compare.comparison import FigureMark, FigureRow
from weighbridge.domain.compare.side import Better, SideCase, SideFigure, SideProof, Unit
from weighbridge.domain.verdict.stats import P95_FROM

MARGIN = 10.0
"""Percent."""
LEAST_RUNS, LEAST_GAPS, LEAST_CASES, SHARE = 3, P95_FROM, 5, 0.75
RULE = (
    "A figure counts as a regression only where both packets have the same model, machine, settings and prompt and "
    f"both runs were quiet, and only where it is more than {MARGIN:g} % worse. What more is needed depends on what it "
    f"rests on. Runs of one prompt: {LEAST_RUNS} or more on each side, and the median lies outside the range of the "
    f"old ones. Inter-token latencies: {LEAST_GAPS} or more on each side, by their median. Cases in both: "
    f"{LEAST_CASES} or more, by the median of their ratios, and {SHARE * 100:g} % of the cases or more are worse each "
    "by itself. Peak memory: the one value. ITL p95 and load are shown and never count: one stall, or a file that "
    "was still in memory, decides them."
)


def proof_rows(old: SideProof, new: SideProof, why: str) -> Iterator[FigureRow]:
    """Figures of the proof. `why`: what speaks against comparing them; empty: nothing."""
    before = {figure.name: figure for figure in old.figures}
    for now in new.figures:
        then = before.get(now.name)
        if then is not None and (then.value is not None or now.value is not None):
            yield _of_runs(then, now, why)


def _of_runs(old: SideFigure, new: SideFigure, why: str) -> FigureRow:
    percent = _percent(old.value, new.value)
    few = {
        "runs": "" if min(old.n, new.n) >= LEAST_RUNS else f"too few runs: {LEAST_RUNS} on each side are needed",
        "gaps": "" if min(old.n, new.n) >= LEAST_GAPS else f"too few tokens: {LEAST_GAPS} on each side are needed",
        "single": "",
        "shown": "shown, never counted",
    }[new.ground]
    inside = new.ground == "runs" and _inside(old, new.value)
    note = why or few or ("inside the range of the old values" if inside else "")
    mark = _mark(percent, new.better, why, counts=not note)
    return FigureRow(
        of="proof",
        name=new.name,
        label=new.label,
        unit=new.unit,
        better=new.better,
        old=old.value,
        new=new.value,
        old_n=old.n,
        new_n=new.n,
        difference=None if old.value is None or new.value is None else round(new.value - old.value, 6),
        percent=percent,
        mark=mark,
        note=note if mark in ("worse", "not comparable") else "",
    )


def _inside(old: SideFigure, value: float | None) -> bool:
    return value is not None and old.low is not None and old.high is not None and old.low <= value <= old.high


_OF_CASES: tuple[tuple[str, str, Unit, Better, Callable[[SideCase], float | None]], ...] = (
    ("ttft_s", "TTFT of the cases", "s", "lower", lambda case: case.ttft_s),
    ("decode_tokens_per_s", "decode of the cases", "tokens/s", "higher", lambda case: case.decode_tokens_per_s),
    ("peak_rss_bytes", "peak RSS of the cases", "bytes", "lower", lambda case: case.peak_rss_bytes),
)


def eval_rows(aligned: Sequence[Pair], why: str) -> Iterator[FigureRow]:
    """Figures of the cases that are in both, case by case."""
    for name, label, unit, better, get in _OF_CASES:
        values = [(a, b) for a, b in ((get(old), get(new)) for old, new in aligned) if a is not None and b is not None]
        if not values:
            continue
        if name == "peak_rss_bytes":
            values = [(max(a for a, _ in values), max(b for _, b in values))]
        yield _of_cases(values, why, (name, label, unit, better))


def _of_cases(values: Sequence[tuple[float, float]], why: str, names: tuple[str, str, Unit, Better]) -> FigureRow:
    name, label, unit, better = names
    ratios = [b / a for a, b in values if a > 0]
    percent = round((median(ratios) - 1) * 100, 2) if ratios else None
    worse = sum(b < a if better == "higher" else b > a for a, b in values)
    note = why
    if not note and name != "peak_rss_bytes":
        if len(values) < LEAST_CASES:
            note = f"too few cases: {LEAST_CASES} in both are needed"
        elif worse < SHARE * len(values):
            note = f"only {worse} of {len(values)} cases are worse by themselves"
    mark = _mark(percent, better, why, counts=not note)
    old, new = median(a for a, _ in values), median(b for _, b in values)
    return FigureRow(
        of="eval",
        name=name,
        label=label,
        unit=unit,
        better=better,
        old=old,
        new=new,
        old_n=len(values),
        new_n=len(values),
        difference=round(new - old, 6),
        percent=percent,
        percent_of="ratios" if len(values) > 1 else "value",
        mark=mark,
        note=note if mark in ("worse", "not comparable") else "",
    )


def _percent(old: float | None, new: float | None) -> float | None:
    return round((new - old) / old * 100, 2) if old and new is not None else None


def _mark(percent: float | None, better: Better, why: str, *, counts: bool) -> FigureMark:
    if why:
        return "not comparable"
    if percent is None:
        return "not measured"
    loss = percent if better == "lower" else -percent
    if loss > MARGIN:
        return "regression" if counts else "worse"
    return "better" if loss < -MARGIN else "alike"
