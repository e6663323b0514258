"""Step 7: the fixed cases under a policy that stands before the first of them runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.disk import eval_need
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.services.packs import load_pack
from weighbridge.tui.dots import spread
from weighbridge.tui.proof_words import MARKS, PHASES, contended_words
from weighbridge.tui.screens.plan import NothingRuns
from weighbridge.tui.screens.proof import JobScreen
from weighbridge.tui.widgets.case_table import CaseTable
from weighbridge.tui.widgets.field import Field, Line
from weighbridge.tui.widgets.figures import mib, number, rate, seconds
from weighbridge.tui.widgets.sheet import Row, Sheet, Tone
from weighbridge.tui.widgets.status_line import Notice


def gate_rows(record: EvalRecord | None, stale: bool) -> Iterator[Row]:
    """k of n with its interval, and what the gate says."""
    if record is None:
        return
    if stale:
        yield Row("! stale", "Model, settings, cases or threshold have changed since: ctrl+r runs it again.", "warn")
    gate = record.gate
    if gate is None:
        return
    tone: Tone = {"PASSED": "good", "WARNED": "warn", "FAILED": "bad"}[gate.gate]  # type: ignore[assignment]
    yield Row("Result", f"{gate.passed} of {gate.total} passed; 95 % interval {gate.interval.text} (Wilson)", "head")
    yield Row("Gate", f"{gate.gate}: {'; '.join(gate.reasons)}", tone)
    yield from noise_rows(record)
    yield from ttft_rows(record)


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
        f"{result.output_tokens} tokens ({result.stop_reason}), prompt {result.prompt_tokens}",
        f"TTFT {seconds(result.ttft_s)}",
        rate(result.decode_tokens_per_s),
        f"peak {mib(result.peak_rss_bytes)}",
    )
    yield Row("Answer", clean(result.output, 4_000) or "(empty)")
    yield Row("Mark", f"{'pass' if result.passed else 'FAIL'}: {result.reason}", "good" if result.passed else "bad")
    yield Row("Cost", " · ".join(cost), "muted")
    if result.unstable:
        yield Row("! Unstable", "the repeats differ at temperature 0: shown is the first answer", "warn")
    if result.repeats > 1:
        yield Row("Repeats", f"{number(result.repeats_passed)} of {result.repeats} passed; the case needs all", "muted")
    if result.reused_tokens:
        kept = f"{result.reused_tokens} of {result.prompt_tokens} prompt tokens stood in the KV cache: no cold TTFT"
        yield Row("Reused", kept, "muted")
    yield asked


class EvalScreen(JobScreen):
    STEP = "eval"
    AUTO_FOCUS = "#cases"

    def body(self) -> ComposeResult:
        if self.run.planned:
            yield NothingRuns()
            return
        with Horizontal(classes="setting", id="policy"):
            yield Static("Threshold", classes="setting-title", markup=False)
            yield Field(
                lambda run: str(run.policy.min_pass) if run.policy else "",
                lambda text: want.ChangeThreshold(min_pass=text),
                id="threshold",
                max_length=6,
            )
            yield Static(id="policy-text", classes="setting-note", markup=False)
        with Horizontal(classes="setting"):
            yield Static("Cases", classes="setting-title", markup=False)
            yield Line(id="cases-file", compact=True, max_length=4_000)
        yield CaseTable(id="cases")
        yield Static(id="eval-live", markup=False)
        yield Sheet(id="gate", label_width=8)
        yield Sheet(id="case-detail", label_width=8)

    def hint(self, run: Run) -> str:
        if run.planned:
            return "Nothing runs here on this route. ctrl+n goes on."
        if self.wizard.jobs.running:
            return "escape stops; graded cases are kept."
        if not flow.eval_is_current(run) or run.evaluation is None or run.evaluation.gate is None:
            need = eval_need(run.settings, run.pack.active).sentence if run.pack else ""
            return f"ctrl+r starts the eval: it {need}."
        return "Arrows show each case."

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#cases")

    def draw(self, run: Run) -> None:
        if run.planned:
            self.query_one(NothingRuns).show(run, self.wizard.session.deps.tables)
            return
        pack, policy = run.pack, run.policy
        if pack is None or policy is None:
            return
        musts = "; * always" if policy.must_pass else ""
        self.query_one("#policy-text", Static).update(f"of {policy.cases} must pass{musts}")
        self.query_one("#cases-file", Input).placeholder = f"{clean_line(pack.id, 20)}; or a .toml of your own"
        self._fill_table()
        self.query_one("#gate", Sheet).show(gate_rows(run.evaluation, not flow.eval_is_current(run)))
        self._show_detail()

    def _results(self) -> dict[str, CaseResult]:
        record = self.run.evaluation
        return {r.case: r for r in record.results} if record else {}

    def _fill_table(self) -> None:
        running = self.wizard.session.live.case if self.wizard.jobs.running == "eval" else ""
        if self.run.pack is not None:
            self.query_one(CaseTable).show(self.run.pack, self._results(), running)

    def _show_detail(self) -> None:
        pack, at = self.run.pack, self.query_one(CaseTable).cursor_row
        if pack is None or not 0 <= at < len(pack.active):
            return
        case, live = pack.active[at], self.wizard.session.live
        speaking = self.wizard.jobs.running == "eval" and live.case == case.id
        rows = detail_rows(case, self._results().get(case.id), live.answer if speaking else "")
        self.query_one("#case-detail", Sheet).show(rows)

    @on(DataTable.RowHighlighted)
    def _highlighted(self) -> None:
        self._show_detail()

    @on(Input.Submitted, "#cases-file")
    def _cases_file(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            return
        try:
            pack = load_pack(Path(event.value.strip()).expanduser())
        except Problem as problem:
            self.wizard.tell(Notice.of(problem))
            return
        if self.apply(want.UsePack(pack=pack)):
            event.input.clear()
            self.wizard.tell(None)
            self.query_one(CaseTable).focus()

    def tick(self) -> None:
        super().tick()
        if self.run.planned:
            return
        running = self.wizard.jobs.running == "eval"
        self.query_one("#eval-live").display = running
        if running:
            self._fill_table()
            self._show_detail()
            self.query_one("#eval-live", Static).update(live_line(self.wizard.session.live))


def live_line(view: LiveView) -> str:
    """The case that runs, in one line."""
    parts = (
        clean_line(view.case) or "warm-up",
        *((f"repeat {view.repeat} of {view.repeats}",) if view.repeats > 1 and view.case else ()),
        PHASES.get(view.phase, view.phase),
        f"{view.tokens} tok",
        f"TTFT {seconds(view.ttft_s)}",
        rate(view.decode_rate),
        *((MARKS[view.mark],) if view.mark in ("quiet", "contended") else ()),
    )
    return " · ".join(parts)
