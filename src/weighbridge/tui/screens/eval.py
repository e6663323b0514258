"""Step 7: the fixed cases under a policy that stands before the first of them runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.run import EvalRecord, Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.services.packs import load_pack
from weighbridge.tui.screens.plan import nothing_runs
from weighbridge.tui.screens.proof import PHASES, JobScreen
from weighbridge.tui.widgets.field import Field
from weighbridge.tui.widgets.figures import UNKNOWN, mib, number, rate, seconds
from weighbridge.tui.widgets.sheet import Row, Sheet, Tone
from weighbridge.tui.widgets.status_line import Notice

COLUMNS = (
    ("case", "case"),
    ("mark", "mark"),
    ("ttft", "TTFT"),
    ("rate", "tok/s"),
    ("peak", "peak"),
    ("answer", "answer"),
)


def mark_text(result: CaseResult | None, running: bool) -> Text:
    """The mark in a sign and a word."""
    if result is None:
        return Text("… runs" if running else "· to do", style="bold" if running else "dim")
    return Text("✓ pass", style="green") if result.passed else Text("✗ FAIL", style="bold red")


def cells(case: Case, result: CaseResult | None, running: bool) -> dict[str, Text]:
    """The row of a case, as text that is never markup."""
    must = " *" if case.must_pass else ""
    name = Text(clean_line(case.id, 24) + must)
    if result is None:
        return {"case": name, "mark": mark_text(None, running)} | dict.fromkeys(
            ("ttft", "rate", "peak", "answer"), Text(UNKNOWN)
        )
    return {
        "case": name,
        "mark": mark_text(result, running),
        "ttft": Text(seconds(result.ttft_s), justify="right"),
        "rate": Text(number(result.decode_tokens_per_s, 1), justify="right"),
        "peak": Text(mib(result.peak_rss_bytes), justify="right"),
        "answer": Text(clean_line(result.output, 60)),
    }


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


def detail_rows(case: Case, result: CaseResult | None) -> Iterator[Row]:
    """One case: what was asked, what was said, and the reason of the mark."""
    yield Row("Asked", clean(case.full_prompt, 2_000))
    if result is None:
        yield Row("Answer", "not run yet", "muted")
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


class EvalScreen(JobScreen):
    STEP = "eval"

    def body(self) -> ComposeResult:
        if self.run.planned:
            yield Sheet(id="planned", label_width=20)
            return
        with Horizontal(classes="setting", id="policy"):
            yield Static("Must pass", classes="setting-title", markup=False)
            yield Field(
                lambda run: str(run.policy.min_pass) if run.policy else "",
                lambda text: want.ChangeThreshold(min_pass=text),
                id="threshold",
                max_length=6,
            )
            yield Static(id="policy-text", classes="setting-note", markup=False)
        with Horizontal(classes="setting"):
            yield Static("Cases", classes="setting-title", markup=False)
            yield Input(id="cases-file", compact=True, max_length=4_000)
        table: DataTable[Text] = DataTable(id="cases", cursor_type="row", zebra_stripes=False)
        yield table
        yield Sheet(id="gate")
        yield Static(id="eval-live", markup=False)
        yield Sheet(id="case-detail")

    def on_mount(self) -> None:
        if not self.run.planned:
            for key, label in COLUMNS:
                self._table.add_column(label, key=key)
            self._table.focus()
        super().on_mount()

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#cases", DataTable)

    def hint(self, run: Run) -> str:
        if run.planned:
            return "Nothing runs here on this route. ctrl+n goes on."
        if self.wizard.jobs.running:
            return "escape stops; graded cases are kept. Leaving this step does not stop it."
        if not flow.eval_is_current(run) or run.evaluation is None or run.evaluation.gate is None:
            return "ctrl+r starts the eval. The threshold is fixed and saved before the first case."
        return "Arrows show each case. ctrl+n goes on."

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#cases")

    def draw(self, run: Run) -> None:
        if run.planned:
            self.query_one("#planned", Sheet).show(nothing_runs(run, self.wizard.session.deps.tables))
            return
        pack, policy = run.pack, run.policy
        if pack is None or policy is None:
            return
        musts = f", and every case marked * ({len(policy.must_pass)})" if policy.must_pass else ""
        self.query_one("#policy-text", Static).update(f"of {policy.cases} cases at least{musts}")
        self.query_one(
            "#cases-file", Input
        ).placeholder = f"{clean_line(pack.id)}, {len(pack.case)} cases · path of another .toml, then Enter"
        self._fill_table()
        self.query_one("#gate", Sheet).show(gate_rows(run.evaluation, not flow.eval_is_current(run)))
        self._show_detail()

    def _result(self, case_id: str) -> CaseResult | None:
        record = self.run.evaluation
        if record is None:
            return None
        return next((r for r in record.results if r.case == case_id), None)

    def _fill_table(self) -> None:
        """Rows by key: a row appears once, then only its cells change."""
        table, pack = self._table, self.run.pack
        assert pack is not None
        wanted = [case.id for case in pack.case]
        if [str(key.value) for key in table.rows] != wanted:
            table.clear()
            for case in pack.case:
                table.add_row(*cells(case, None, False).values(), key=case.id)
        running = self.wizard.session.live.case if self.wizard.jobs.running == "eval" else ""
        for case in pack.case:
            for column, cell in cells(case, self._result(case.id), case.id == running).items():
                if table.get_cell(case.id, column) != cell:
                    table.update_cell(case.id, column, cell, update_width=True)

    def _show_detail(self) -> None:
        pack, at = self.run.pack, self._table.cursor_row
        if pack is not None and 0 <= at < len(pack.case):
            case = pack.case[at]
            self.query_one("#case-detail", Sheet).show(detail_rows(case, self._result(case.id)))

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
            self._table.focus()

    def tick(self) -> None:
        super().tick()
        if self.run.planned:
            return
        running = self.wizard.jobs.running == "eval"
        self.query_one("#eval-live").display = running
        if running:
            self._fill_table()
            self.query_one("#eval-live", Static).update(live_line(self.wizard.session.live))


def live_line(view: LiveView) -> str:
    """The case that runs, in one line."""
    parts = (
        clean_line(view.case) or "warm-up",
        PHASES.get(view.phase, view.phase),
        f"{view.tokens} tok",
        f"TTFT {seconds(view.ttft_s)}",
        rate(view.decode_rate),
        f"RSS {mib(view.rss_bytes)}",
        f"peak {mib(view.peak_bytes)}",
    )
    return " · ".join(parts)
