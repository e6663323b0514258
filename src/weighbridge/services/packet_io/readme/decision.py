"""What data/README.md says of the decision: the options, what was tried before, the cost, what the cases can show."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.verdict.decision import GateResult, Option, Tried
from weighbridge.domain.verdict.paired import paired
from weighbridge.domain.verdict.stats import words_for
from weighbridge.services.packet_io.contents import Contents
from weighbridge.services.packet_io.markdown import code
from weighbridge.services.packet_io.records.files import DecisionFile


def decision_section(c: Contents, d: DecisionFile) -> list[str]:
    """Lines of Markdown, with their heading and an empty line at the end."""
    advice = f"{d.recommended}: {code(d.recommended_why)}" if d.recommended else "nothing, for want of evidence"
    note = d.evaluation
    gate = note.gate if note and note.current else None
    return [
        "## The decision",
        "",
        f"- Recommended by the program: {advice}",
        *[f"- {row.choice}, {'allowed' if row.allowed else 'not allowed'}: {_why(row)}" for row in d.options],
        *[f"- Earlier eval, begun {old.at}: {_score(old.gate)}" for old in d.baselines],
        *[f"- Tried: {_tried(one)}" for one in d.tried],
        *[f"- {text}" for text in _against_the_last(c, d)],
        *([f"- Cost so far: {code(d.cost.text)}"] if d.cost else []),
        "",
        *(["What the cases can show:", "", *_shown(gate), ""] if gate else []),
    ]


def _why(row: Option) -> str:
    return code(". ".join(filter(None, (row.why, row.way_out))))


def _score(gate: GateResult) -> str:
    return f"{gate.passed} of {gate.total} passed, {gate.gate}"


def _tried(one: Tried) -> str:
    what = "another prompt" if one.what == "prompt" else "text by retrieval (RAG)"
    return f"{what}, at {one.at}: {code(one.note)}; {code(one.result) if one.result else 'no result yet'}"


def _against_the_last(c: Contents, d: DecisionFile) -> tuple[str, ...]:
    """The marks of this eval beside those of the last earlier one of the same cases, by their ids."""
    marks = {result.case: result.counts for result in c.results}
    same = [old for old in d.baselines if old.marks and old.marks.keys() == marks.keys()]
    if not same or d.evaluation is None or not d.evaluation.current:
        return ()
    last = same[-1]
    other = "" if last.model_sha256 == d.model_sha256 else ", of another model"
    return tuple(f"Against the eval begun {last.at}{other}: {text}" for text in paired(last.marks, marks).sentences)


def _shown(gate: GateResult) -> Iterator[str]:
    return (f"- {sentence}" for sentence in words_for(gate.passed, gate.total))
