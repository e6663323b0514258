"""Step 3: one exact file on this machine, or the name of a repository for a route that runs elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, ProgressBar, RadioSet, Static

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.run import Run
from weighbridge.tui.jobs import Reading
from weighbridge.tui.screens.picker import FilePicker
from weighbridge.tui.screens.step import StepScreen
from weighbridge.tui.widgets.field import Line
from weighbridge.tui.widgets.figures import mib, number
from weighbridge.tui.widgets.radio import Radio
from weighbridge.tui.widgets.sheet import Row, Sheet
from weighbridge.tui.widgets.status_line import Notice

KINDS = ("bundled", "file", "named")


def model_rows(model: ModelChoice) -> Iterator[Row]:
    """What is known of the model; a dash is not known."""
    yield Row("Name", model.name, "head")
    yield Row("Repository", model.repo or "–")
    yield Row("Revision", model.revision or "–")
    if model.kind == "named":
        yield Row("File", "nothing was fetched or checked: this is a name in a plan", "muted")
    else:
        size = f"{mib(model.size_bytes)}, {number(model.size_bytes)} bytes"
        yield Row("File", model.file_name)
        yield Row("Size", size)
        yield Row("SHA-256", model.sha256 or "–")
        build = (model.architecture, model.quantization, f"{number(model.n_params)} weights")
        yield Row("Build", " · ".join(part for part in build if part))
    yield Row("Source", model.source or "–", "muted")


def reading_words(reading: Reading, now: float) -> str:
    """`45 of 94 MiB · 310 MiB/s · 0.2 s left`."""
    if not reading.total:
        return "reading the header"
    spent = max(now - reading.since, 1e-6)
    speed = reading.done / spent
    left = (reading.total - reading.done) / speed if speed else None
    remaining = "" if left is None else f" · {left:.1f} s left"
    return f"{reading.done / 2**20:,.0f} of {mib(reading.total)} · {mib(speed)}/s{remaining}"


class ModelScreen(StepScreen):
    """The bundled model chooses itself where there is none; Next waits until it has been read."""

    STEP = "model"
    _go_on = False

    def body(self) -> ComposeResult:
        with RadioSet(id="kind", compact=True):
            kind = self.run.model.kind if self.run.model else "bundled"
            yield Radio(("Bundled: a small real model, nothing to fetch"), value=kind == "bundled")
            yield Radio(("A .gguf file on this machine"), value=kind == "file")
            if self.run.planned:
                yield Radio(("A repository by name, for the plan"), value=kind == "named")
        with Horizontal(id="spec-row"):
            yield Line(id="spec", compact=True, max_length=4000)
            yield Button("Browse", id="browse", compact=True, tooltip="Find a .gguf file")
        with Horizontal(id="reading"):
            yield ProgressBar(id="reading-bar", show_eta=False, show_percentage=False)
            yield Static(id="reading-text", markup=False)
        yield Sheet(id="model-facts")

    def on_mount(self) -> None:
        super().on_mount()
        self._show_spec(KINDS[self.query_one("#kind", RadioSet).pressed_index])
        if self.run.model is None and self.wizard.jobs.reading is None:
            self.wizard.jobs.read_model("bundled", self._read)

    def hint(self, run: Run) -> str:
        if run.model is None:
            return "Choose the bundled model, or give a .gguf file."
        if run.planned and run.model.kind != "named":
            return "A plan needs no file: a repository by name is enough."
        if run.model.kind == "named":
            return "The plan names it; nothing is fetched or checked."
        return "This exact file is weighed."

    @on(RadioSet.Changed, "#kind")
    def _kind(self, event: RadioSet.Changed) -> None:
        kind = KINDS[event.index]
        self._show_spec(kind)
        if kind == "bundled":
            self._choose("bundled")
        else:
            self.query_one("#spec").focus()

    def _show_spec(self, kind: str) -> None:
        spec = self.query_one("#spec", Input)
        self.query_one("#spec-row").display = kind != "bundled"
        self.query_one("#browse").display = kind == "file"
        model = self.run.model
        if kind == "file":
            spec.placeholder = "path of a .gguf file, then Enter"
            spec.value = model.path if model and model.kind == "file" else ""
        elif kind == "named":
            spec.placeholder = "org/repository or org/repository@revision, then Enter"
            at = f"@{model.revision}" if model and model.revision else ""
            spec.value = f"{model.repo}{at}" if model and model.kind == "named" else ""

    @on(Input.Submitted, "#spec")
    def _spec(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose(event.value)

    @on(Button.Pressed, "#browse")
    def _browse(self) -> None:
        self.app.push_screen(FilePicker(self.query_one("#spec", Input).value), self._picked)

    def _picked(self, path: str | None) -> None:
        if path:
            self.query_one("#spec", Input).value = path
            self._choose(path)

    def _choose(self, spec: str) -> None:
        self.wizard.tell(None)
        self.wizard.jobs.read_model(spec, self._read)

    def _read(self) -> None:
        """A model was read: what Next waited for goes on."""
        self.wizard.tell(None)
        if self._go_on and self.is_current:
            self.action_next()

    def proceed(self) -> None:
        self._go_on = False
        typed = self.query_one("#spec", Input)
        model = self.run.model
        known = ("", model.path, model.repo, f"{model.repo}@{model.revision}") if model else ("",)
        if self.wizard.jobs.reading is None and typed.parent and typed.value not in known:
            self._choose(typed.value)
        if self.wizard.jobs.reading is None and self._asks_for_a_name():
            self.wizard.tell(Notice("Say which one: a path or a name is missing.", kind="problem"))
            typed.focus()
            return
        if self.wizard.jobs.reading is not None:
            self._go_on = True
            self.wizard.tell(Notice("The model is being read: Next follows by itself."))
            return
        super().proceed()

    def _asks_for_a_name(self) -> bool:
        """Whether a file or a repository is wanted, none was typed, and the run holds another kind of model."""
        kind = KINDS[self.query_one("#kind", RadioSet).pressed_index]
        model = self.run.model
        return kind != "bundled" and not self.query_one("#spec", Input).value and (not model or model.kind != kind)

    def missing_widget(self) -> Widget | None:
        spec = self.query_one("#spec-row")
        return self.query_one("#spec") if spec.display else self.query_one("#kind")

    def draw(self, run: Run) -> None:
        facts = self.query_one("#model-facts", Sheet)
        facts.show(model_rows(run.model) if run.model else [Row("Model", "none is chosen yet", "muted")])

    def tick(self) -> None:
        super().tick()
        reading = self.wizard.jobs.reading
        self.query_one("#reading").display = reading is not None
        if reading is not None:
            now = self.wizard.session.deps.monotonic()
            self.query_one(ProgressBar).update(total=reading.total or None, progress=reading.done)
            self.query_one("#reading-text", Static).update(reading_words(reading, now))
