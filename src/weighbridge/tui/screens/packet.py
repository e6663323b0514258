"""Step 9: what the packet will hold, what it lacks, and saving it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from weighbridge.domain import flow
from weighbridge.domain.packet import Item, completeness, is_complete
from weighbridge.domain.run import PacketRecord, Run
from weighbridge.domain.steps import BY_ID
from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io.place import free_name
from weighbridge.session.packets.command import prove_command
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.sheet import Row, Sheet
from weighbridge.tui.widgets.status_line import Notice

AFTERWARDS = {
    "keep": "Give the packet to a colleague: they can check it without having seen the run.",
    "switch": "Go back to step 3 with a model of the next family, and weigh it with the same cases.",
    "RAG": "Build retrieval first, put its text into the cases, and weigh again.",
    "LoRA": "Plan the training on a GPU route; this packet is its baseline.",
    "stop": "Keep the packet as the reason why not. Nothing runs any more.",
}


def item_line(item: Item) -> Content:
    """`✓ Eval   measured  4 of 5 passed`, the gap with its reason, or what sources disagree on."""
    sign = "?" if item.disputed else "✓" if item.held else "–"
    text = item.fact.text if item.held else item.fact.reason
    value = text.replace("conflicting: ", "nobody decided between ", 1) if item.disputed else text
    return Content.assemble(
        (f"{sign} {item.title:<15}", "bold" if item.held and not item.disputed else "$text-warning"),
        (f"{'disputed' if item.disputed else item.fact.status:<10}", "$foreground-muted"),
        (clean_line(value, 200), "" if item.held else "$foreground-muted"),
    )


def saved_rows(run: Run, packet: PacketRecord, stale: bool) -> Iterator[Row]:
    """Where the packet is, how it is checked, and what comes next."""
    state = "planned" if packet.planned else "complete" if packet.complete else "incomplete, and says so"
    yield Row("Saved", f"{packet.path} ({state})", "good" if not stale else "warn")
    if stale:
        yield Row("! stale", "The run has changed since: save it once more, under this name or another.", "warn")
    yield Row("Seal", packet.seal)
    yield Row("Check", f"weighbridge verify {shlex.quote(packet.path)}")
    if run.verdict:
        yield Row("What next", AFTERWARDS[run.verdict.choice])
    elif run.planned:
        yield Row("What next", "Run the plan's commands, and fill in the evidence that is owed.")
    if run.model and not run.planned:
        yield Row("Again", shlex.join(prove_command(run)), "muted")


class PacketScreen(StepScreen):
    STEP = "packet"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "next", "Save", id="packet.save", tooltip="Save the packet", priority=True),
        Binding("f4", "compare", "Compare", id="packet.compare", tooltip="Two packets side by side"),
    ]

    def body(self) -> ComposeResult:
        yield OptionList(id="items", markup=False)
        yield Static(id="item-detail", markup=False)
        with Horizontal(classes="setting", id="target-row"):
            yield Static("Save to", classes="setting-title", markup=False)
            yield Line(f"./weighbridge-packet-{self.run.id}", id="target", compact=True, max_length=4_000)
        yield Sheet(id="saved", label_width=10)

    @property
    def next_label(self) -> str:
        return "Save packet" if self.run.packet is None else "Save again"

    def hint(self, run: Run) -> str:
        gaps = sum(not item.held for item in completeness(run))
        if flow.status(run, "packet") == "done":
            return "The packet is saved. ctrl+q leaves."
        if gaps:
            lines = "line is" if gaps == 1 else "lines are"
            return f"{gaps} {lines} missing: Enter jumps there, or save it so."
        if any(item.disputed for item in completeness(run)):
            return "Sources disagree where a ? stands: Enter jumps there to decide, or save it so."
        return "Nothing is missing. ctrl+n saves the packet."

    def draw(self, run: Run) -> None:
        self.query_one("#next", Button).label = self.next_label
        items = self.query_one("#items", OptionList)
        at = items.highlighted
        items.set_options([Option(item_line(item), id=item.id) for item in completeness(run)])
        items.highlighted = at or 0
        packet = run.packet
        rows = saved_rows(run, packet, flow.status(run, "packet") != "done") if packet else ()
        self.query_one("#saved", Sheet).show(rows)
        self.query_one("#saved").scroll_visible(animate=False)

    @on(OptionList.OptionHighlighted, "#items")
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        item = next(i for i in completeness(self.run) if i.id == event.option_id)
        source = f" · {item.fact.source}" if item.fact.source else ""
        where = "" if item.held and not item.disputed else f" · Enter goes to step {BY_ID[item.step].number}"
        self.query_one("#item-detail", Static).update(clean_line(f"{item.fact.text}{source}{where}", 400))

    @on(OptionList.OptionSelected, "#items")
    def _item(self, event: OptionList.OptionSelected) -> None:
        item = next(i for i in completeness(self.run) if i.id == event.option_id)
        self.jump(item.step, f"#plan-{item.id.replace('-', '_')}")

    @on(Input.Submitted, "#target")
    def _target(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_next()

    def proceed(self) -> None:
        """Saves the packet."""
        target = self.query_one("#target", Input).value.strip()
        if not target:
            self.wizard.tell(Notice("Say where the packet goes.", "A folder that does not exist yet.", "problem"))
            self.query_one("#target").focus()
            return
        if self.wizard.jobs.running:
            self.wizard.tell(Notice("A job still runs.", "Let it end, or stop it, then save.", "problem"))
            return
        path = Path(target).expanduser()
        earlier = self.run.packet
        if earlier is not None and path.is_dir() and path.absolute() == Path(earlier.path).absolute():
            self._replace(path, earlier)
        else:
            self._save(path)

    def _save(self, path: Path) -> None:
        self.wizard.tell(None)
        self.wizard.jobs.save_packet(path, lambda: None)

    @work
    async def _replace(self, path: Path, earlier: PacketRecord) -> None:
        """Asks before an earlier packet goes; where it stays, a free name is proposed."""
        less = " The new one would be less complete." if earlier.complete and not is_complete(self.run) else ""
        question = f"An earlier packet of this run is saved at {clean_line(str(path), 200)}.{less} Replace it?"
        if await self.app.push_screen_wait(Ask(question, "Replace it", "Keep it")):
            self._save(path)
            return
        self.query_one("#target", Input).value = str(free_name(path))
        self.wizard.tell(Notice("The earlier packet stays.", "ctrl+n saves the new one beside it."))

    def action_compare(self) -> None:
        from weighbridge.tui.work.comparing import compare

        compare(self.wizard)

    def missing_widget(self) -> Widget | None:
        return self.focus_on("#target")
