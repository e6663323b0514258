"""The runs on this machine: find one, resume it, name it, export it, delete it, or begin a new one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from weighbridge.domain.intents import Rename
from weighbridge.domain.problems import Problem
from weighbridge.domain.text import clean_line
from weighbridge.services.runs.disk_use import DiskUse, disk_use
from weighbridge.services.runs.store import RunStore
from weighbridge.session.runs.moving import export_run
from weighbridge.session.runs.renaming import rename
from weighbridge.session.runs.run_list import RunRow, matching, rows, size_words
from weighbridge.session.session import Session
from weighbridge.tui.screens.dialogs.ask import Ask, AskLine
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.status_line import Notice, StatusLine
from weighbridge.tui.words.middle import middle

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp

SIZE_FROM = 58
"""Columns from which the size of a run has room beside its age."""


class Wish(NamedTuple):
    """What the person wants: a run to resume, or None for a new one."""

    run_id: str | None


def age(then: str, now: str) -> str:
    """How long ago, in one unit. Both times are ISO 8601 in UTC."""
    spent = (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if spent >= size:
            return f"{int(spent // size)} {unit}"
    return f"{max(0, int(spent))} s"


def line(row: RunRow, open_id: str, now: str, width: int) -> Content:
    """One run in two lines of at most `width` cells: where it stands, and what it is about."""
    sign = "▶" if row.id == open_id else " "
    size = f"{'' if row.size_bytes is None else size_words(row.size_bytes):>10}" if width >= SIZE_FROM else ""
    facts = (row.name, row.model or "no model yet", row.gate, row.decision, row.task)
    about = row.problem or " · ".join(fact for fact in facts if fact)
    return Content.assemble(
        (f"{sign} {row.id}  {row.state:<14}{age(row.updated_at, now):>7}{size}", "bold" if row.id == open_id else ""),
        "\n  ",
        (Content(clean_line(about, 300)).truncate(max(20, width - 2), ellipsis=True).plain, "$foreground-muted"),
    )


class RunsScreen(ModalScreen[Wish | None]):
    AUTO_FOCUS = "#runs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+l", "cancel", "Close", id="runs.close", tooltip="Stay with the open run"),
        Binding("n", "new", "New run", id="runs.new", tooltip="Begin a new run with every default"),
        Binding("slash", "search", "Search", id="runs.search", tooltip="Words of id, name, model, task or decision"),
        Binding("r", "rename", "Name", id="runs.rename", tooltip="Name the highlighted run"),
        Binding("x", "export", "Export", id="runs.export", tooltip="Write the highlighted run to a .zip file here"),
        Binding("s", "sort", "Sort", id="runs.sort", tooltip="The newest first, or the largest first"),
        Binding("c", "compare", "Compare", id="runs.compare", tooltip="The highlighted run's packet with another one"),
        Binding("d,delete", "delete", "Delete", id="runs.delete", tooltip="Delete the highlighted run"),
    ]

    def __init__(self, store: RunStore, session: Session) -> None:
        super().__init__()
        self._store, self._session = store, session
        self._open_id, self._now = session.run.id, session.deps.now()
        self._rows: list[RunRow] = []
        self._sizes: dict[str, int] = {}
        self._largest_first = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide-dialog"):
            yield Static("Runs on this machine", classes="dialog-title", id="disk-use", markup=False)
            yield Line(placeholder="/ search: id, name, model, task, decision", id="find", compact=True)
            yield OptionList(id="runs", markup=False)
            yield StatusLine()
            keys = "/: search · s: sort · r: name · x: export · c: compare · d: delete · n: new"
            yield Static(f"Enter resumes · {keys} · escape: stay", classes="dialog-keys")

    def on_mount(self) -> None:
        self._load()
        self._measure()

    def on_key(self) -> None:
        """What was said was said of an earlier key. A key comes here before it acts."""
        self._say(Notice(""))

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _load(self) -> None:
        self._rows = rows(self._store, sizes=False)
        self._show()

    @work(exclusive=True)
    async def _measure(self) -> None:
        """Sizes take a walk through every folder: the list does not wait for them."""
        use = await asyncio.to_thread(disk_use, self._store.home, tuple(row.id for row in self._rows))
        self._sizes = {place.name: place.bytes for place in use.runs}
        self._show()
        self.query_one("#disk-use", Static).update(disk_words(use))

    def _show(self) -> None:
        """Draws the list anew; the highlight stays with its run."""
        runs = self.query_one("#runs", OptionList)
        here, width = self._highlighted, runs.scrollable_content_region.width
        found = matching(self._rows, self.query_one("#find", Input).value.split())
        found = [row.model_copy(update={"size_bytes": self._sizes.get(row.id)}) for row in found]
        if self._largest_first:
            found.sort(key=lambda row: row.size_bytes or 0, reverse=True)
        if found:
            runs.set_options([Option(line(row, self._open_id, self._now, width), id=row.id) for row in found])
        else:
            runs.set_options([Option(self._nothing(width), disabled=True)])
        ids = [row.id for row in found]
        runs.highlighted = (ids.index(here) if here in ids else 0) if ids else None

    def _nothing(self, width: int) -> Content:
        """Said in place of the runs that are not found."""
        sought = clean_line(self.query_one("#find", Input).value, 100)
        said = f"No run matches {middle(sought, max(12, width - 18))!r}." if self._rows else "There is no run here."
        return Content(f"{said}\n/ searches again; escape shows all runs.")

    @property
    def _highlighted(self) -> str:
        runs = self.query_one("#runs", OptionList)
        if runs.highlighted is None or runs.highlighted >= runs.option_count:
            return ""
        return runs.get_option_at_index(runs.highlighted).id or ""

    @on(Input.Changed, "#find")
    def _found(self) -> None:
        self._say(Notice(""))
        self._show()

    @on(Input.Submitted, "#find")
    def _to_list(self) -> None:
        self.query_one("#runs").focus()

    @on(OptionList.OptionSelected)
    def _resume(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(Wish(event.option_id) if event.option_id != self._open_id else None)

    def action_new(self) -> None:
        self.dismiss(Wish(None))

    def action_search(self) -> None:
        self.query_one("#find").focus()

    def action_sort(self) -> None:
        self._largest_first = not self._largest_first
        self._show()
        order = "The largest run first." if self._largest_first else "The run that was worked on last first."
        self._say(Notice(order))

    def action_cancel(self) -> None:
        """Out of the search first, then out of the list."""
        find = self.query_one("#find", Input)
        if find.has_focus or find.value:
            find.value = ""
            self.query_one("#runs").focus()
        else:
            self.dismiss(None)

    @work
    async def action_rename(self) -> None:
        run_id = self._highlighted
        if not run_id:
            return
        named = next(row.name for row in self._rows if row.id == run_id)
        name = await self.app.push_screen_wait(AskLine(f"A name for {run_id}:", named or "none yet", "Enter names it"))
        if name is None:
            return
        try:
            if run_id == self._open_id:
                self._session.apply(Rename(name=name))
            else:
                await rename(self._store, self._session.deps, run_id, name)
            self._load()
        except Problem as problem:
            self._say(Notice.of(problem))

    @work
    async def action_export(self) -> None:
        if run_id := self._highlighted:
            try:
                target = await asyncio.to_thread(export_run, self._store, run_id, Path.cwd())
                self._say(Notice(f"Written: {clean_line(str(target))}"))
            except Problem as problem:
                self._say(Notice.of(problem))

    def action_compare(self) -> None:
        from weighbridge.tui.work.comparing import compare

        if not self._highlighted:
            return
        packet = next((row.packet for row in self._rows if row.id == self._highlighted), None)
        if packet is None:
            self._say(Notice("This run has no packet.", "Save one in step 9.", "problem"))
            return
        self.dismiss(None)
        compare(cast("WeighbridgeApp", self.app), packet)

    @work
    async def action_delete(self) -> None:
        run_id = self._highlighted
        if not run_id:
            return
        if run_id == self._open_id:
            self._say(Notice("This run is open.", "Open another one first.", "problem"))
            return
        question = f"Delete the run {run_id} with all its evidence? A saved packet stays."
        if await self.app.push_screen_wait(Ask(question, "Delete it", "Keep it")):
            try:
                self._store.delete(run_id)
            except Problem as problem:
                self._say(Notice.of(problem))
                return
            self._load()
            self._measure()

    def _say(self, notice: Notice) -> None:
        self.query_one(StatusLine).show(notice)


def disk_words(use: DiskUse) -> str:
    """What the data folder takes, in one line: `3 runs 1.2 MB · downloads 0 B · in all 1.3 MB`."""
    count = f"{len(use.runs)} run{'' if len(use.runs) == 1 else 's'}"
    parts = (
        f"{count} {size_words(use.runs_bytes)}",
        f"downloads {size_words(use.downloads_bytes)}",
        f"in all {size_words(use.total_bytes)}",
    )
    return " · ".join(parts)
