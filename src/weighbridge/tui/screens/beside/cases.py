"""The cases of the run: add, change, mark, disable, move, try, import, save, or take another pack.

Every change is at once the run's: there is nothing to confirm, and the eval on record is stale from then on.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from weighbridge.domain import flow
from weighbridge.domain.problems import Problem, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.domain.verdict.grader_words import words_of
from weighbridge.services.cases.case_import import Imported, import_cases, pack_of
from weighbridge.services.cases.packs import built_in_ids, built_in_packs, load_pack, save_pack, typed_path
from weighbridge.session.session import Session
from weighbridge.session.verdict import cases as change
from weighbridge.tui.screens.beside.case_edit import CaseEdit
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.screens.dialogs.case_try import CaseTry
from weighbridge.tui.screens.dialogs.choose import Choose
from weighbridge.tui.screens.dialogs.help_page import HelpScreen, own_keys
from weighbridge.tui.widgets.case_list import CaseList
from weighbridge.tui.widgets.sheet import Row, Sheet
from weighbridge.tui.widgets.status_line import Notice, StatusLine

KEYS = (
    "a adds · enter changes · m must-pass · d disables · delete removes · t tries · +/- moves · "
    "i imports · s saves as TOML · p takes another pack · f1 helps · escape: back"
)
NOTHING_TAKEN = Notice("Nothing was taken.")
SHOWN_BAD = 5
"""Refused rows of an import that are shown; `weighbridge cases import` names all."""


class CasesScreen(Screen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", id="cases.add", tooltip="A new case at the end"),
        Binding("m", "must", "Must-pass", id="cases.must", tooltip="The gate fails without it, or not"),
        Binding("d", "disable", "Disable", id="cases.disable", tooltip="Keep the case and do not ask it, or ask again"),
        Binding("delete", "remove", "Remove", id="cases.remove", tooltip="Take the case out of the pack"),
        Binding("t", "try", "Try", id="cases.try", tooltip="Ask this case once; nothing of it is evidence"),
        Binding("plus,shift+down", "move(1)", "Down", id="cases.down", tooltip="Move the case down"),
        Binding("minus,shift+up", "move(-1)", "Up", id="cases.up", tooltip="Move the case up"),
        Binding("i", "import", "Import", id="cases.import", tooltip="Cases of a JSONL, CSV or TOML file"),
        Binding("s", "save", "Save", id="cases.save", tooltip="Save the pack as a TOML file"),
        Binding("p", "pack", "Packs", id="cases.pack", tooltip="Take a built-in pack"),
        Binding("f1", "about", "Help", id="cases.help", tooltip="About cases and graders, with examples"),
        Binding("escape", "close", "Back", id="cases.close", tooltip="Back to the step"),
    ]
    AUTO_FOCUS = "#case-list"
    CSS = """
    CasesScreen #one-case { height: 6; overflow-y: hidden; padding: 0 1; border-top: solid $panel; }
    CasesScreen.-short #one-case { height: 3; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._saved: CasePack | None = None

    @property
    def pack(self) -> CasePack:
        pack = self._session.run.pack
        assert pack is not None
        return pack

    def compose(self) -> ComposeResult:
        yield Static(id="cases-title", markup=False)
        yield CaseList(id="case-list")
        yield Sheet(id="one-case", label_width=8)
        yield StatusLine(id="cases-status")
        yield Static(KEYS, classes="case-keys", markup=False)

    def on_mount(self) -> None:
        self.show()
        self.say(None)

    @property
    def cases(self) -> CaseList:
        return self.query_one(CaseList)

    def show(self, case_id: str = "") -> None:
        """Draws the pack of the run; the cursor goes to a case where one is named."""
        pack, policy = self.pack, self._session.run.policy
        least = policy.min_pass if policy else 0
        off = len(pack.case) - len(pack.active)
        parts = [f"Cases · {pack.id}", f"{least} of {len(pack.active)} must pass", f"{off} disabled" if off else ""]
        self.query_one("#cases-title", Static).update(" · ".join(part for part in parts if part))
        self.cases.show(pack.case, case_id)

    @on(CaseList.Moved)
    def _moved(self) -> None:
        case = self.cases.case
        if case is not None:
            self.query_one("#one-case", Sheet).show(case_rows(case))

    def say(self, notice: Notice | None) -> None:
        """A notice; where there is none, what holds of the eval on record."""
        self.query_one("#cases-status", StatusLine).show(notice or Notice(standing(self._session.run), kind="hint"))

    def _attempt(self, does: Callable[[], CasePack], case_id: str = "") -> None:
        """Makes a change and draws it; a refusal is said."""
        try:
            change.use_cases(self._session, does())
        except Problem as problem:
            self.say(Notice.of(problem))
        else:
            self.show(case_id)
            self.say(None)

    # -- one case --------------------------------------------------------------------------------------------------

    def action_add(self) -> None:
        self.app.push_screen(CaseEdit(None, self._put), self._edited)

    @on(CaseList.Taken)
    def _change(self) -> None:
        case = self.cases.case
        if case is not None:
            self.app.push_screen(CaseEdit(case, partial(self._put, instead_of=case.id)), self._edited)

    def _put(self, case: Case, instead_of: str = "") -> None:
        change.use_cases(self._session, change.with_case(self.pack, case, instead_of))

    def _edited(self, case_id: str | None) -> None:
        if case_id is not None:
            self.show(case_id)
            self.say(None)

    def action_must(self) -> None:
        if case := self.cases.case:
            self._attempt(partial(change.with_must_pass, self.pack, case.id))

    def action_disable(self) -> None:
        if case := self.cases.case:
            self._attempt(partial(change.with_disabled, self.pack, case.id))

    def action_move(self, by: int) -> None:
        if case := self.cases.case:
            self._attempt(partial(change.with_moved, self.pack, case.id, by))

    @work
    async def action_remove(self) -> None:
        case = self.cases.case
        if case is not None and await self.app.push_screen_wait(
            Ask(f"Remove the case {case.id} from the pack? d keeps it and does not ask it.", "Remove it", "Keep it")
        ):
            self._attempt(partial(change.without_case, self.pack, case.id))

    def action_try(self) -> None:
        if case := self.cases.case:
            self.app.push_screen(CaseTry(self._session, case))

    # -- the pack --------------------------------------------------------------------------------------------------

    @work
    async def action_pack(self) -> None:
        """A built-in pack. What was changed is asked for first: it stands nowhere else."""
        packs = await asyncio.to_thread(built_in_packs)
        rows = {pack_id: f"{pack.title or pack_id} ({len(pack.active)} cases)" for pack_id, pack in packs.items()}
        chosen = await self.app.push_screen_wait(Choose("Take the cases of a built-in pack:", rows))
        if chosen is None or not await self._may_replace():
            return
        self._attempt(lambda: packs[chosen])

    async def _may_replace(self) -> bool:
        """Whether the cases may go: they are built in, saved here, or the person agrees."""
        if self.pack.id in built_in_ids() or self.pack == self._saved:
            return True
        question = f"The cases of {self.pack.id} go from the run. What is not saved as TOML (s) is lost."
        return await self.app.push_screen_wait(Ask(question, "Take the others", "Keep them"))

    @work
    async def action_import(self) -> None:
        ask = AskLine("Import cases from a file:", "path of a .jsonl, .csv or .toml file", "Enter reads it")
        name = await self.app.push_screen_wait(ask)
        if name is None:
            return
        self.say(Notice(f"Reading {clean_line(name)}.", kind="hint"))
        path = typed_path(name)
        try:
            if path.suffix.lower() == ".toml":
                await self._take(await asyncio.to_thread(load_pack, path))
            elif (imported := await self._agreed(await asyncio.to_thread(import_cases, path))) is not None:
                await self._take(imported)
            else:
                self.say(NOTHING_TAKEN)
        except Problem as problem:
            self.say(Notice.of(problem))

    async def _agreed(self, imported: Imported) -> Imported | None:
        """The import, once the person has seen which rows are not in it; None where that is not wanted."""
        if not imported.refused:
            return imported
        rows = [clean_line(bad.sentence, 110) for bad in imported.refused[:SHOWN_BAD]]
        more = len(imported.refused) - len(rows)
        listed = "\n".join([*rows, *([f"and {more:,} more"] if more else [])])
        if not imported.cases:
            raise Refused(f"No row of {imported.name} can be taken: {imported.refused[0].sentence}")
        question = f"{imported.count}:\n\n{listed}"
        return imported if await self.app.push_screen_wait(Ask(question, "Take the others", "Take none")) else None

    async def _take(self, found: CasePack | Imported) -> None:
        """Adds the cases, or puts them in the place of the pack, as the person chooses."""
        cases = found.case if isinstance(found, CasePack) else found.cases
        told = [f"{len(cases):,} case{'' if len(cases) == 1 else 's'}"]
        if isinstance(found, Imported) and found.left_out:
            told.append(f"columns left out: {', '.join(clean_line(name, 30) for name in found.left_out[:5])}")
        if isinstance(found, Imported) and found.renamed:
            told.append(f"ids written in small letters and hyphens: {found.renamed:,}")
        rows = {"add": f"Add them to {self.pack.id}", "replace": "Take them in its place"}
        how = await self.app.push_screen_wait(Choose("; ".join(told), rows))
        if how == "add":
            self._attempt(lambda: change.with_cases(self.pack, cases), cases[0].id)
        elif how == "replace" and await self._may_replace():
            self._attempt(lambda: found if isinstance(found, CasePack) else pack_of(found))
        else:
            self.say(NOTHING_TAKEN)

    @work
    async def action_save(self) -> None:
        ask = AskLine("Save the pack as a TOML file:", "path", "Enter saves", f"{self.pack.id}.toml")
        name = await self.app.push_screen_wait(ask)
        if name is None:
            return
        path, pack = typed_path(name), self.pack
        try:
            try:
                if os.path.isfile(path) and not await self._over(f"{clean_line(name)} is there already."):
                    return
                await asyncio.to_thread(save_pack, pack, path)
            except Refused as refused:
                if not await self._over(str(refused)):
                    return
                await asyncio.to_thread(save_pack, pack, path, over=True)
        except Problem as problem:
            self.say(Notice.of(problem))
        else:
            self._saved = pack
            self.say(Notice(f"{len(pack.case)} cases are in {clean_line(name)}."))

    async def _over(self, what: str) -> bool:
        return await self.app.push_screen_wait(Ask(f"{what} Write over it?", "Write over it", "Leave it"))

    def action_about(self) -> None:
        self.app.push_screen(HelpScreen("cases", own_keys(self)))

    def action_close(self) -> None:
        self.dismiss(None)


def case_rows(case: Case) -> tuple[Row, ...]:
    """One case in a few lines."""
    kind, expected, options = words_of(case.grader)
    expects = clean_line(f"{kind}: {expected} {options}", 200)
    tags = clean_line(", ".join(case.tags), 120)
    return (
        Row("Expects", expects),
        *((Row("Why", clean_line(case.why, 240), "muted"),) if case.why else ()),
        *((Row("Tags", tags, "muted"),) if tags else ()),
        Row("Asked", clean(case.full_prompt, 600), "muted"),
    )


def standing(run: Run) -> str:
    """What a change of the cases means for the eval on record."""
    if run.evaluation is None:
        return "Every change counts at once. The eval has not run yet."
    if flow.eval_is_current(run):
        return "The eval on record is of these cases: a change makes it stale."
    return "! The eval on record is stale: it was made with other cases. ctrl+r in step 7 makes a new baseline."
