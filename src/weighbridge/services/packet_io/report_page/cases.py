"""The eval: how many passed and what that can show, a row a case, and what was asked and answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult, GateResult
from weighbridge.domain.verdict.stats import words_for
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.records.files import DecisionFile, EvalNote
from weighbridge.services.packet_io.report_page.units import (
    LINE,
    NOT_MEASURED,
    bare,
    contended,
    cut,
    line,
    mib,
    number,
    rate,
    said,
    seconds,
)
from weighbridge.services.packet_io.report_page.view import CaseView, Cell, Field, Results, Said, Table, Tone

SHOWN = 100
"""Cases on the page. So many with the longest and most hostile texts stay below 2 MB."""
_FAILED = 80
"""Of them, those that did not pass, before the first others fill the rest."""
_ASKED, _ANSWERED = 800, 1_200
"""Characters of a prompt and of an answer."""
_FILE = "data/eval/results.jsonl"
_CASES = "data/eval/cases.jsonl"


def results(c: Contents, d: DecisionFile) -> Results | None:
    """None where no case has a result."""
    note, rows = d.evaluation, c.results
    if note is None or not rows:
        return None
    cases = {case.id: case for case in c.cases}
    shown = _sample(rows)
    fixed = f"The policy was fixed at {line(note.fixed_at)}, before the first case ran."
    stale = "" if note.current else "It is from an earlier eval with another model, settings, cases or policy. "
    message = f" {line(note.message)}" if note.message else ""
    return Results(
        state=f"{stale}{fixed} Outcome: {note.outcome}.{message} {contended(note.noise)}".strip(),
        score=_score(note.gate, rows),
        meaning=words_for(note.gate.passed, note.gate.total) if note.gate else (),
        reasons=tuple(cut(reason, LINE, "data/decision.json") for reason in _reasons(note)),
        sample=_sampled(rows, shown),
        table=_table([(at, rows[at]) for at in shown]),
        cases=tuple(_case(at, rows[at], cases.get(rows[at].case)) for at in shown),
    )


def _reasons(note: EvalNote) -> Iterator[str]:
    """Of the gate, then what is doubtful of a server's account."""
    yield from note.gate.reasons if note.gate else ()
    yield from (f"Doubt on the server's account: {said}" for said in note.doubts)


def _score(gate: GateResult | None, rows: Sequence[CaseResult]) -> str:
    if gate is None:
        passed = sum(row.counts for row in rows)
        return f"{passed} of {len(rows)} answered cases passed; not every case has a result, so there is no gate"
    return f"{gate.passed} of {gate.total} cases passed: gate {gate.gate}"


def _sample(rows: Sequence[CaseResult]) -> list[int]:
    """Places of the cases shown: those that fail or were overruled, then the first others, in their order."""
    if len(rows) <= SHOWN:
        return list(range(len(rows)))
    odd = [at for at, row in enumerate(rows) if not row.counts or row.overruled][:_FAILED]
    taken = set(odd)
    rest = (at for at in range(len(rows)) if at not in taken)
    return sorted([*odd, *(at for at, _ in zip(rest, range(SHOWN - len(odd)), strict=False))])


def _sampled(rows: Sequence[CaseResult], shown: Sequence[int]) -> str:
    if len(shown) == len(rows):
        return ""
    failed = sum(not row.counts for row in rows)
    here = sum(not rows[at].counts for at in shown)
    return (
        f"A sample: {len(shown)} of {len(rows):,} cases are shown, {here:,} of the {failed:,} that did not pass and "
        f"the first others. Score, interval and plots are of all {len(rows):,}; {_FILE} and "
        "data/resources/requests.csv have every one."
    )


def _mark(row: CaseResult) -> tuple[str, Tone]:
    words = "passed" if row.counts else "failed"
    return (f"✓ {words}", "good") if row.counts else (f"✗ {words}", "bad")


def _table(rows: Sequence[tuple[int, CaseResult]]) -> Table:
    figures = ("TTFT, s", "decode, tokens/s", "peak memory, MiB", "tokens")
    head = ("case", "mark", "must pass", "marked by", *figures, "end")
    return Table(
        "Every case shown, with its mark and what it cost",
        tuple(Cell(name, "number" if name in figures else "") for name in head),
        tuple(
            (
                Cell(f"{at + 1}. {line(row.case)}", "name"),
                Cell(*_mark(row)),
                Cell("yes" if row.must_pass else "no"),
                Cell("person", "warn") if row.overruled else Cell("grader"),
                bare(seconds(row.ttft_s)),
                bare(rate(row.decode_tokens_per_s)),
                bare(mib(row.peak_rss_bytes)),
                number(NOT_MEASURED if row.output_tokens is None else f"{row.output_tokens:,}"),
                Cell(line(row.stop_reason) or "none"),
            )
            for at, row in rows
        ),
    )


def _case(at: int, row: CaseResult, case: Case | None) -> CaseView:
    mark, tone = _mark(row)
    return CaseView(
        id=f"{at + 1}. {line(row.case)}",
        mark=mark,
        tone=tone,
        fields=tuple(_fields(row, case)),
        said=tuple(_said(at, row, case)),
    )


def _fields(row: CaseResult, case: Case | None) -> Iterator[Field]:
    if case is not None:
        if case.why:
            yield Field("Why this case", line(case.why))
        yield Field("Grader", _grader(case))
    yield Field("The grader says", f"{'passed' if row.passed else 'failed'}: {line(row.reason)}")
    if row.overruled:
        mark = "passed" if row.overruled.passed else "failed"
        yield Field(
            "Overruled", f"{mark}, by the person at {line(row.overruled.at)}: {line(row.overruled.reason)}", "warn"
        )
    if row.failure:
        yield Field("The engine", line(row.failure), "bad")
    if row.repeats > 1:
        passed = "an unknown number" if row.repeats_passed is None else str(row.repeats_passed)
        differ = "; the answers differ at temperature 0" if row.unstable else ""
        yield Field("Repeats", f"asked {row.repeats} times, {passed} passed{differ}; the first answer is shown")
    yield from (Field("Doubt", line(said), "warn") for said in row.doubts)
    if row.reused_tokens:
        yield Field("Prefix", f"{row.reused_tokens:,} tokens were kept in the KV cache: its TTFT is no cold one")


def _grader(case: Case) -> str:
    """Kind and arguments as JSON, but a pattern keeps its single backslashes."""
    values = case.grader.model_dump(mode="json", exclude={"kind"}, exclude_defaults=True)
    shown = ", ".join(f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in values.items())
    return line(f"{case.grader.kind}: {shown}".replace("\\\\", "\\"))


def _said(at: int, row: CaseResult, case: Case | None) -> Iterator[Said]:
    if case is not None:
        yield said("Asked", case.full_prompt, _ASKED, f"{_CASES}, with the id {line(row.case)}")
    whole = f"{_FILE}, line {at + 1}"
    yield said("Answered", row.output, _ANSWERED, whole)
    if row.cleaned and row.cleaned != row.output:
        yield said("As it was marked", row.cleaned, _ASKED, whole)
