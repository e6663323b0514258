"""Step 7: the fixed cases under a policy that stands before the first of them runs."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.proof.disk import eval_need
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.decision import CaseResult
from weighbridge.services.cases.packs import find_pack
from weighbridge.tui.screens.dialogs.overrule import OverruleForm
from weighbridge.tui.screens.parts.eval_rows import around_rows, detail_rows, gate_rows, live_line
from weighbridge.tui.screens.parts.plan import NothingRuns
from weighbridge.tui.screens.proof import JobScreen
from weighbridge.tui.widgets.case_table import CaseTable
from weighbridge.tui.widgets.field import Field, Line
from weighbridge.tui.widgets.sheet import Sheet
from weighbridge.tui.widgets.status_line import Notice
from weighbridge.tui.words.proof import wait_words
from weighbridge.tui.work.loads import show_load


class EvalScreen(JobScreen):
    STEP = "eval"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "overrule", "Overrule", id="eval.overrule", tooltip="Your own mark of this case, with the reason"),
        Binding("f5", "load", "Load", id="eval.load", tooltip="The cases at several requests at once", priority=True),
        Binding("e,f6", "app.cases", "Cases", id="eval.cases", tooltip="Add, change, try, import and save cases"),
    ]

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
            yield Static("time limit (s)", id="limit-title", markup=False)
            yield Field(
                lambda run: f"{run.policy.time_limit_s:g}" if run.policy and run.policy.time_limit_s else "",
                lambda text: want.ChangeTimeLimit(seconds=text),
                id="time-limit",
                placeholder="none",
                tooltip="Seconds that one case may take; empty: as long as it takes",
                max_length=8,
            )
        with Horizontal(classes="setting"):
            yield Static("Cases", classes="setting-title", markup=False)
            yield Line(id="cases-file", compact=True, max_length=4_000)
        yield CaseTable(id="cases")
        yield Static(id="eval-live", markup=False)
        yield Sheet(id="gate", label_width=8)
        yield Sheet(id="case-detail", label_width=8)
        yield Sheet(id="around", label_width=8)

    def on_mount(self) -> None:
        """The page opens at its top, with the focus on the cases below it."""
        for table in self.query(CaseTable):
            table.focus(scroll_visible=False)

    def hint(self, run: Run) -> str:
        if run.planned:
            return "Nothing runs yet: step 5 starts it, or the plan is enough. ctrl+n goes on."
        if self.wizard.jobs.running:
            return wait_words(self.wizard.session.live) or "escape stops; graded cases are kept."
        if not flow.eval_is_current(run) or run.evaluation is None or run.evaluation.gate is None:
            need = eval_need(run.settings, run.pack.active).sentence if run.pack else ""
            return f"ctrl+r starts the eval: it {need}."
        return "Arrows show each case; o overrules its mark, with a reason."

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
        self.query_one("#policy-text", Static).update(f"of {policy.cases} cases{musts}")
        self.query_one("#cases-file", Input).placeholder = f"{clean_line(pack.id, 20)}; or a .toml of yours; e edits"
        self._fill_table()
        self.query_one("#gate", Sheet).show(gate_rows(run))
        self.query_one("#around", Sheet).show(around_rows(run))
        self._show_detail()

    def _results(self) -> dict[str, CaseResult]:
        record = self.run.evaluation
        return {r.case: r for r in record.results} if record else {}

    def _fill_table(self) -> None:
        running = self.wizard.session.live.case if self.wizard.jobs.running == "eval" else ""
        if self.run.pack is not None:
            self.query_one(CaseTable).show(self.run.pack, self._results(), running)

    def _case(self) -> Case | None:
        """The case under the cursor."""
        pack, at = self.run.pack, self.query_one(CaseTable).cursor_row
        return pack.active[at] if pack is not None and 0 <= at < len(pack.active) else None

    def _show_detail(self) -> None:
        case, live = self._case(), self.wizard.session.live
        if case is None:
            return
        speaking = self.wizard.jobs.running == "eval" and live.case == case.id
        rows = detail_rows(case, self._results().get(case.id), live.answer if speaking else "")
        self.query_one("#case-detail", Sheet).show(rows)

    @on(DataTable.RowHighlighted)
    def _highlighted(self) -> None:
        self._show_detail()

    @on(Input.Submitted, "#cases-file")
    def _cases_file(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() and self._take_pack():
            self.query_one(CaseTable).focus()

    def _take_pack(self) -> bool:
        """Takes the pack that is typed, if one is. False, with the focus there, where there is no such pack."""
        for line in self.query("#cases-file").results(Line):
            name = line.value.strip()
            try:
                if name:
                    self.wizard.session.apply(want.UsePack(pack=find_pack(name)))
                    self.wizard.tell(None)
            except Problem as problem:
                said = Notice.of(problem)
                self.wizard.tell(replace(said, hint=f"{said.hint} escape takes it back.".strip()))
                line.focus()
                return False
            line.clear()
        return True

    def flush(self) -> bool:
        return super().flush() and self._take_pack()

    def take_back(self) -> bool:
        typed = [line for line in self.query("#cases-file").results(Line) if line.value]
        for line in typed:
            line.clear()
            self.wizard.tell(None)
        return super().take_back() or bool(typed)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "overrule":
            return bool(self._results()) and self.wizard.jobs.running != "eval" and not self.run.planned
        if action == "load":
            return self.run.target is not None and not self.wizard.jobs.running
        return super().check_action(action, parameters)

    def action_load(self) -> None:
        if self.flush():
            show_load(self.wizard)

    @work
    async def action_overrule(self) -> None:
        """Asks for the person's own mark of the case under the cursor."""
        case = self._case()
        result = self._results().get(case.id) if case else None
        if result is None:
            self.wizard.tell(Notice("This case has no result to overrule.", "ctrl+r starts the eval."))
            return
        wish = await self.app.push_screen_wait(OverruleForm(result))
        if wish is not None and self.apply(wish):
            mark = "pass" if wish.passed else "FAIL"
            said = f"{wish.case}: {mark}, by you" if wish.reason else f"{wish.case}: the grader's mark stands"
            self.wizard.tell(Notice(f"{said}. The gate is judged anew.", "ctrl+n goes on."))

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
