"""The eval in rows: what the gate says, one case with its answer, and the case that runs."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain import flow
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.phase_words import phase_words
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.tui.dots import spread
from weighbridge.tui.widgets.figures import mib, number, rate, seconds
from weighbridge.tui.widgets.sheet import Row, Tone
from weighbridge.tui.words.proof import MARKS, contended_words

NEW_BASELINE = "The cases have changed since: ctrl+r runs them as a new baseline, and this one is remembered."
CHANGED = "Model, settings, threshold or time limit have changed since: ctrl+r runs it again."


def around_rows(run: Run) -> Iterator[Row]:
    """What stands around the result: the machine meanwhile, the times of all cases, and the baselines before it."""
    record = run.evaluation
    if record is not None and record.gate is not None:
        yield from noise_rows(record)
        yield from ttft_rows(record)
    for earlier in run.baselines[-1:]:
        count = f" ({len(run.baselines)} in all)" if len(run.baselines) > 1 else ""
        same = run.pack is not None and earlier.cases_digest == run.pack.digest
        cases = "the same cases" if same else "other cases"
        said = f"{earlier.gate.gate}, {earlier.gate.passed} of {earlier.gate.total} passed, {cases}, {earlier.at}"
        yield Row("Earlier", f"baseline{count}: {said}", "muted")


def gate_rows(run: Run) -> Iterator[Row]:
    """k of n with its interval, and what the gate says."""
    record = run.evaluation
    if record is None:
        return
    if not flow.eval_is_current(run):
        changed = run.pack is not None and record.pack.digest != run.pack.digest
        yield Row("! stale", NEW_BASELINE if changed else CHANGED, "warn")
    gate = record.gate
    if gate is None:
        return
    tone: Tone = {"PASSED": "good", "WARNED": "warn", "FAILED": "bad"}[gate.gate]  # type: ignore[assignment]
    yield Row("Result", f"{gate.passed} of {gate.total} passed; 95 % interval {gate.interval.text} (Wilson)", "head")
    yield Row("Gate", f"{gate.gate}: {'; '.join(gate.reasons)}", tone)
    yield from (Row("! Doubt", clean_line(said, 400), "warn") for said in record.doubts)


def noise_rows(record: EvalRecord) -> Iterator[Row]:
    """The mark of the machine while the cases ran."""
    if said := contended_words(record.noise):
        yield Row("! Noise", f"{said} ctrl+r repeats it.", "warn")
    elif record.noise is not None and record.noise.mark == "quiet":
        yield Row("Noise", "quiet", "muted")


def ttft_rows(record: EvalRecord) -> Iterator[Row]:
    """TTFT over the cases: those that kept a part of the KV cache are never mixed with the cold ones."""
    for label, reused in (("TTFT", False), ("reused", True)):
        values = [r.ttft_s for r in record.results if r.ttft_s is not None and bool(r.reused_tokens) == reused]
        if values:
            yield Row(label, spread(values), "muted")


def detail_rows(case: Case, result: CaseResult | None, answer: str) -> Iterator[Row]:
    """One case: what was said, the reason of the mark, what it cost, and what was asked."""
    asked = Row("Asked", clean(case.full_prompt, 2_000), "muted")
    if result is None:
        yield Row("Answer", clean(answer) or "not run yet", "text" if answer else "muted")
        yield asked
        return
    cost = (
        f"{result.output_tokens} tokens ({result.stop_reason}), prompt {number(result.prompt_tokens)}",
        f"TTFT {seconds(result.ttft_s)}",
        rate(result.decode_tokens_per_s),
        f"peak {mib(result.peak_rss_bytes)}",
    )
    yield Row("Came" if result.failure else "Answer", clean(result.output, 4_000) or "(empty)")
    if result.cleaned:
        yield Row("Marked", f"{clean(result.cleaned, 4_000)} (the answer as its grader read it)", "muted")
    yield Row("Mark", mark_words(result), "good" if result.counts else "bad")
    yield Row("Cost", " · ".join(cost), "muted")
    yield from (Row("! Doubt", clean_line(said, 400), "warn") for said in result.doubts)
    if result.unstable:
        yield Row("! Unstable", "the repeats differ at temperature 0: shown is the first answer", "warn")
    if result.repeats > 1:
        yield Row("Repeats", f"{number(result.repeats_passed)} of {result.repeats} passed; the case needs all", "muted")
    if result.reused_tokens:
        kept = f"{result.reused_tokens} of {number(result.prompt_tokens)} prompt tokens stood in the KV cache"
        yield Row("Reused", f"{kept}: no cold TTFT", "muted")
    yield asked


def mark_words(result: CaseResult) -> str:
    """The mark with its reason, and the person's own beside it."""
    mark = "pass" if result.passed else "FAIL"
    if result.overruled is None:
        return f"{mark}: {clean(result.reason)}"
    own = "pass" if result.overruled.passed else "FAIL"
    return f"{mark} by grader, {own} by you: {clean(result.overruled.reason)}\nThe grader: {clean(result.reason)}"


def live_line(view: LiveView) -> str:
    """The case that runs, in one line."""
    parts = (
        clean_line(view.case) or "warm-up",
        *((f"repeat {view.repeat} of {view.repeats}",) if view.repeats > 1 and view.case else ()),
        phase_words(view.phase),
        f"{view.tokens} {'tok' if view.server is None else 'pieces'}",
        f"TTFT {seconds(view.ttft_s)}",
        rate(view.decode_rate),
        *((MARKS[view.mark],) if view.mark in ("quiet", "contended") else ()),
    )
    return " · ".join(parts)
