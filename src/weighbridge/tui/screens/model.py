"""Step 3: one exact file, bundled, on this machine or of the Hub; a server's model; for a plan, a repository."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, RadioSet

from weighbridge.domain.flow import elsewhere
from weighbridge.domain.model.files import FileRow
from weighbridge.domain.problems import HubProblem, Problem
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.tui.screens.dialogs.ask import Ask
from weighbridge.tui.screens.dialogs.picker import FilePicker
from weighbridge.tui.screens.parts.hub import HubPart
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.figures import mib
from weighbridge.tui.widgets.radio import Radio
from weighbridge.tui.widgets.sheet import Row, Sheet
from weighbridge.tui.widgets.status_line import Notice, sentence
from weighbridge.tui.widgets.transfer_bar import TransferBar
from weighbridge.tui.words.model import (
    KINDS,
    LABELS,
    MISSING,
    PLACEHOLDERS,
    elsewhere_words,
    kind_of,
    model_rows,
    typed_as,
)
from weighbridge.tui.work.asking_server import answerable


class ModelScreen(StepScreen):
    """The bundled model chooses itself where there is none; Next waits until a model has been read."""

    STEP = "model"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "up", "Back a level", id="model.up", show=False, tooltip="Give up, or go back one level"),
        Binding("ctrl+f", "search", "Search", id="model.search", tooltip="Search the Hub", priority=True),
    ]
    _go_on = False
    kind = "bundled"
    """Which of `KINDS` is shown: the radio buttons follow it, or lead to it a moment later."""

    def body(self) -> ComposeResult:
        kind = kind_of(self.run.model)
        with RadioSet(id="kind", classes="across", compact=True):
            for name, label in zip(KINDS, LABELS, strict=True):
                yield Radio(label, value=kind == name)
        with Horizontal(id="spec-row"):
            yield Line(id="spec", compact=True, max_length=4000)
            yield Button("Browse", id="browse", compact=True, tooltip="Find a .gguf file")
        yield TransferBar("reading the header", id="reading")
        yield HubPart(self.wizard, id="hub")
        yield Sheet(id="model-facts")

    def on_mount(self) -> None:
        super().on_mount()
        self._show_spec(kind_of(self.run.model))
        if self.run.model is None and self.model_jobs.reading is None:
            self.model_jobs.read("bundled", self._read)

    def on_unmount(self) -> None:
        self.model_jobs.stop_asking()

    @property
    def hub(self) -> HubPart:
        return self.query_one(HubPart)

    def hint(self, run: Run) -> str:
        if self.hub.level == "repos":
            return "Enter opens a repository; escape goes back." if self.hub.has_found else "escape goes back."
        if self.hub.level == "files":
            return "Enter chooses a file; escape goes back."
        if run.model is None:
            return "Choose the bundled model, a .gguf file, one of the Hub, or a server's."
        if kind_of(run.model) != self.kind:
            return f"{clean_line(run.model.name, 60)} stays the model until another is read."
        if run.model.served:
            return "Requests go there, and nowhere else."
        if elsewhere(run):
            return elsewhere_words(run)
        return "Not fetched yet: step 5 does that." if run.model.to_download else "This exact file is weighed."

    # -- typing -------------------------------------------------------------------------------------------------

    @on(RadioSet.Changed, "#kind")
    def _kind_chosen(self, event: RadioSet.Changed) -> None:
        self._take_kind(KINDS[event.index])

    def _take_kind(self, kind: str) -> None:
        """Another kind: its line, empty. Told twice of one kind, what was typed meanwhile stays."""
        if kind == self.kind:
            return
        self.hub.close()
        self._show_spec(kind)
        if kind == "bundled":
            self._choose("bundled")
        else:
            self.query_one("#spec").focus()
        # What was said of another kind goes with it.
        self.wizard.tell(None)

    def _show_spec(self, kind: str) -> None:
        self.kind = kind
        spec = self.query_one("#spec", Input)
        self.query_one("#spec-row").display = kind != "bundled"
        self.query_one("#browse").display = kind == "file"
        model = self.run.model if kind_of(self.run.model) == kind else None
        spec.placeholder = PLACEHOLDERS.get(kind, "")
        if kind != "bundled":
            spec.value = typed_as(model) if model else ""

    @on(Input.Submitted, "#spec")
    def _spec(self, event: Input.Submitted) -> None:
        event.stop()
        self._take_up(event.value)

    def _take_up(self, typed: str) -> None:
        """Asks the Hub for words and names; all else, and the address of a server in any line, is a model."""
        from weighbridge.session.model.endpoint_choice import is_served_spec

        if self.kind == "server" and not typed.strip():
            self._say_missing()
            return
        if self.kind == "hub" and not is_served_spec(typed):
            self.hub.ask(typed)
        else:
            self._choose(typed)

    @on(Button.Pressed, "#browse")
    def _browse(self) -> None:
        self.app.push_screen(FilePicker(self.query_one("#spec", Input).value), self._picked)

    def _picked(self, path: str | None) -> None:
        if path:
            self.query_one("#spec", Input).value = path
            self._choose(path)

    # -- the Hub ------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Goes to the line where the Hub is searched."""
        self._once_drawn(self._go_to_search)

    def _go_to_search(self) -> None:
        if self.kind != "hub":
            self._radio("hub")
            self._take_kind("hub")
        # At once: words that are typed behind the key are meant for this line.
        self.set_focus(self.query_one("#spec"))

    def _radio(self, kind: str) -> None:
        list(self.query_one("#kind", RadioSet).query(Radio))[KINDS.index(kind)].value = True

    @on(HubPart.Answered)
    def _answered(self) -> None:
        self._redraw(self.run)

    @on(HubPart.Chosen)
    def _chosen(self, event: HubPart.Chosen) -> None:
        self._choose(event.spec, event.row)

    def action_up(self) -> None:
        """Gives up what is asked or read; else back one level; else takes back what is being typed."""
        if self.model_jobs.asking is not None:
            self.model_jobs.stop_asking()
        elif self.model_jobs.reading is not None:
            self.model_jobs.stop_reading()
            self._go_on = False
        elif self.hub.up():
            if not self.hub.level:
                self.query_one("#spec").focus()
        else:
            self.action_undo()
        self.wizard.tell(None)
        self._redraw(self.run)

    # -- choosing -----------------------------------------------------------------------------------------------

    def _choose(self, spec: str, row: FileRow | None = None) -> None:
        self.wizard.tell(None)
        self.model_jobs.read(spec, self._read, partial(self._asks, spec, row))

    def _asks(self, spec: str, row: FileRow | None, problem: Problem) -> bool:
        """Whether the person can answer what keeps a model from being read, and so is asked."""
        if isinstance(problem, HubProblem) and problem.kind == "no_ranges":
            self._whole(spec, row, problem)
            return True
        return self.is_attached and answerable(self.wizard, problem, lambda: self._choose(spec, row))

    def _whole(self, spec: str, row: FileRow | None, problem: HubProblem) -> None:
        """The server sends whole files only: the person decides."""
        size = f" It has {mib(row.file.size_bytes)}." if row is not None and row.file.size_bytes else ""
        question = f"{sentence(str(problem))} Fetch the whole file, and weigh it then?{size}"

        def answered(yes: bool | None) -> None:
            if yes:
                self.model_jobs.read(spec, self._read, whole=True)

        if self.is_attached:
            self.app.push_screen(Ask(question, "Fetch it whole", "Leave it"), answered)

    def _read(self) -> None:
        """A model was read: what Next waited for goes on."""
        self.wizard.tell(None)
        kind = kind_of(self.run.model)
        if self.is_attached and (kind == self.kind or (kind == "server" and self.kind != "bundled")):
            # Not while the person is at another kind already.
            self.hub.close()
            self._show_spec(kind)
            self._radio(kind)
        if self._go_on and self.is_current:
            self.action_next()

    def proceed(self) -> None:
        self._go_on = False
        if self.model_jobs.reading is None and not self._may_go_on():
            return
        if self.model_jobs.reading is not None:
            self._go_on = True
            self.wizard.tell(Notice("The model is being read: Next follows by itself."))
            return
        super().proceed()

    def _may_go_on(self) -> bool:
        """Whether the run holds what the screen shows; if not, what is typed or highlighted is taken up."""
        if self.model_jobs.asking is not None:
            self.wizard.tell(Notice("The Hub is being asked.", "Choose a file once it has answered."))
            return False
        if self.hub.level and not self.hub.answers(typed := self.query_one("#spec", Input).value):
            # Another line than the list answers: what is highlighted is not what is meant.
            self._take_up(typed)
            return False
        if self.hub.level == "files":
            self.hub.choose()
            self._go_on = True
            return False
        if self.hub.level == "repos":
            way = "Enter opens a repository." if self.hub.has_found else "Search with other words."
            self.wizard.tell(Notice("No file is chosen yet.", way, "problem"))
            return False
        return self._is_typed()

    def _is_typed(self) -> bool:
        typed, model = self.query_one("#spec", Input).value, self.run.model
        if self.kind == "bundled" or (model and typed == typed_as(model) and kind_of(model) == self.kind):
            return True
        if not typed:
            self._say_missing()
        else:
            self._take_up(typed)
            return self.model_jobs.reading is not None
        return False

    def _say_missing(self) -> None:
        self.wizard.tell(Notice(MISSING[self.kind], kind="problem"))
        self.query_one("#spec").focus()

    def missing_widget(self) -> Widget | None:
        spec = self.query_one("#spec-row")
        return self.query_one("#spec") if spec.display else self.query_one("#kind")

    def draw(self, run: Run) -> None:
        facts = self.query_one("#model-facts", Sheet)
        facts.show(model_rows(run.model) if run.model else [Row("Model", "none is chosen yet", "muted")])

    def tick(self) -> None:
        super().tick()
        self.query_one(TransferBar).show(self.model_jobs.reading)
        self.hub.say(self.model_jobs.asking, self.wizard.session.deps.monotonic())
        self.query_one("#model-facts").display = not self.hub.display
