"""Step 5: how the model is run, by the route: settings and forecast, a server, a GPU to rent, or a notebook."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import RadioSet

from weighbridge.domain import flow
from weighbridge.domain import intents as want
from weighbridge.domain.problems import Problem
from weighbridge.domain.run import Run
from weighbridge.tui.screens.dialogs.ask import AskLine
from weighbridge.tui.screens.parts import rental as rental_part
from weighbridge.tui.screens.parts.local import LocalPart
from weighbridge.tui.screens.parts.notebook import NotebookPart
from weighbridge.tui.screens.parts.part import Part
from weighbridge.tui.screens.parts.plan import PlanPart
from weighbridge.tui.screens.parts.private import PrivatePart
from weighbridge.tui.screens.parts.rental import RentalPart
from weighbridge.tui.screens.parts.server import ServerPart
from weighbridge.tui.screens.parts.settings import CHOICES, worded
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.shapes import Shape, shape_of
from weighbridge.tui.widgets.status_line import Notice, sentence

PARTS: dict[Shape, type[Part]] = {
    "local": LocalPart,
    "server": ServerPart,
    "rented": RentalPart,
    "notebook": NotebookPart,
}
KEYS_OF: dict[str, tuple[Shape, ...]] = {
    "more": ("local", "rented"),
    "hardware": ("rented",),
    "rent": ("rented",),
    "write": ("notebook",),
    "take": ("notebook",),
}
"""Actions that only some shapes of the step have."""


class RuntimeScreen(StepScreen):
    """The part of the route, and three lines more where the documents are private."""

    STEP = "runtime"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+o", "accept", "Accept risk", id="runtime.accept", tooltip="Overrule the memory refusal, on record"
        ),
        Binding("ctrl+r", "rent", "Rent", id="runtime.rent", tooltip="See what it costs, then rent", priority=True),
        Binding("f2", "more", "More", id="runtime.more", tooltip="The other settings", priority=True),
        Binding("f3", "hardware", "Hardware", id="runtime.hardware", tooltip="Machines and prices", priority=True),
        Binding("f3", "write", "Notebook", id="runtime.write", tooltip="Write the notebook", priority=True),
        Binding("f4", "take", "Import", id="runtime.take", tooltip="Take back what ran in it", priority=True),
        Binding("f5", "export", "Export", id="runtime.export", tooltip="The plan for another tool", priority=True),
        Binding("ctrl+d", "download", "Download", id="runtime.download", tooltip="Fetch the file", priority=True),
        Binding("escape", "stop", "Stop", id="runtime.stop", tooltip="Stop the download; what is here stays"),
        Binding("escape", "undo", "Undo", id="runtime.undo", show=False, tooltip="Take back what is being typed"),
    ]
    _go_on = False

    def looks(self, run: Run) -> object:
        return (shape_of(run), run.constraints.privacy == "private_docs")

    def body(self) -> ComposeResult:
        yield PARTS[shape_of(self.run)](self.run, id="part")
        if self.run.constraints.privacy == "private_docs":
            yield PrivatePart(self.run)

    @property
    def part(self) -> Part:
        return self.query_one("#part", Part)

    def hint(self, run: Run) -> str:
        return self.part.hint(run)

    def draw(self, run: Run) -> None:
        self.part.draw(run)

    def tick(self) -> None:
        super().tick()
        self.part.tick()

    # -- settings -----------------------------------------------------------------------------------------------

    def action_more(self) -> None:
        """The other settings in place of these; what was typed is saved first."""
        part = self.part
        if self.flush() and isinstance(part, LocalPart | RentalPart):
            self.toggle_class("-more")
            part.fold(self.has_class("-more"))

    @on(RadioSet.Changed)
    def _chosen(self, event: RadioSet.Changed) -> None:
        name = (event.radio_set.id or "").removeprefix("set-")
        if name in CHOICES and CHOICES[name][event.index][1] != getattr(self.run.settings, name):
            self.apply(want.ChangeSetting(field=name, value=CHOICES[name][event.index][0]))

    @on(PlanPart.Chosen)
    def _runtime_chosen(self, event: PlanPart.Chosen) -> None:
        self.apply(want.ChangePlan(field="runtime", value=event.name))

    def worded(self, problem: Problem) -> Problem:
        problem = worded(problem)
        return problem.worded(rental_part.worded(str(problem)))

    def missing_widget(self) -> Widget | None:
        return self.part.first()

    # -- the file -----------------------------------------------------------------------------------------------

    def action_download(self) -> None:
        self.wizard.download(self._arrived)

    def _arrived(self) -> None:
        """The file is here: what Next waited for goes on."""
        if self._go_on and self.is_current:
            self.action_next()

    def action_stop(self) -> None:
        """Takes typing back; else gives up a question for prices, stops a rental on its way, or stops the download."""
        rentals = self.wizard.jobs.rentals
        if self.take_back() or rentals.give_up():
            return
        if rentals.open is not None and self.model_jobs.loading is None:
            self.wizard.action_rentals()
            return
        self._go_on = False
        self.model_jobs.stop_loading()

    def proceed(self) -> None:
        self._go_on = self.model_jobs.loading is not None and self.flush()
        if self._go_on:
            self.wizard.tell(Notice("The model is being fetched: Next follows by itself.", "escape stops it."))
            self.model_jobs.on_arrival = self._arrived
        else:
            if isinstance(self.part, RentalPart):
                self.part.name_runtime()
            super().proceed()

    # -- elsewhere ----------------------------------------------------------------------------------------------

    def action_hardware(self) -> None:
        from weighbridge.tui.work.renting import choose_hardware

        if self.flush():
            choose_hardware(self.wizard)

    def action_rent(self) -> None:
        from weighbridge.tui.work.renting import rent

        if self.flush():
            rent(self.wizard)

    def action_write(self) -> None:
        from weighbridge.tui.work.notebooks import write

        if self.flush():
            write(self.wizard)

    def action_take(self) -> None:
        from weighbridge.tui.work.notebooks import take

        if self.flush():
            take(self.wizard)

    def action_export(self) -> None:
        from weighbridge.tui.work.exporting import export

        if self.flush():
            export(self.wizard)

    # -- keys ---------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        shape, rentals = shape_of(self.run), self.wizard.jobs.rentals
        if action == "rent":
            return shape == "rented" and rentals.open is None and not rentals.doing
        if action in KEYS_OF:
            return shape in KEYS_OF[action]
        if action == "accept":
            return flow.missing_memory(self.run) is not None
        if action == "download":
            return self.wizard.can_download
        if action == "stop":
            return self.model_jobs.loading is not None or rentals.can_be_given_up
        return super().check_action(action, parameters)

    @work
    async def action_accept(self) -> None:
        question = f"{flow.memory_refusal(self.run)} Why do you accept the risk?"
        reason = await self.app.push_screen_wait(AskLine(question, "your reason, kept in the packet"))
        if reason and self.apply(want.AcceptMemoryRisk(reason=reason)):
            self.wizard.tell(Notice(f"Accepted, on record: {sentence(reason)}", "ctrl+n goes on."))
