"""Step 5 in a free notebook: it is written here, run there, and what it measured is taken back."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.widgets import Static

from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.tui.screens.parts.part import Part
from weighbridge.tui.screens.parts.plan import PlanPart
from weighbridge.tui.widgets.sheet import Row, Sheet


def default_name(run: Run) -> str:
    """What the notebook of a run is called if the person names no other file."""
    return f"weighbridge-{run.id}.ipynb"


def step_rows(run: Run, written: str = "") -> Iterator[Row]:
    """The few steps by hand, in their order; the first and the last are keys of this program. `written`: the file."""
    from weighbridge.session.notebook.writing import steps

    *by_hand, _ = steps(written or "the file that f3 wrote", run.id)
    yield Row("1", "f3 writes the notebook of this plan to a file.")
    for number, words in enumerate(by_hand, 2):
        yield Row(str(number), words)
    yield Row(str(len(by_hand) + 2), "Type its address below; f4 takes the notebook that ran, or the packet, back.")


def runtime_rows(run: Run) -> Iterator[Row]:
    """What came back of the machine under the notebook."""
    one = run.notebook
    if one is None:
        yield Row("Came back", "nothing yet: so far this run is a plan", "muted")
        return
    yield Row("Came back", "proof and eval are in steps 6 and 7", "good")
    facts = (
        ("Runtime", " · ".join(part for part in (one.runtime_type, one.accelerator) if part)),
        ("Link", one.link),
        ("Boot id", " → ".join(dict.fromkeys(part for part in (one.boot_id, one.boot_id_end) if part))),
        ("Given back", one.stop),
    )
    for name, value in facts:
        yield Row(name, clean_line(value, 300) if value else "not told", "text" if value else "muted")
    if one.was_reset:
        yield Row("! Reset", "the machine changed underway: what ran before belongs to another one", "warn")


class NotebookPart(Part):
    """The steps, what came back, and the lines that a person types."""

    def compose(self) -> ComposeResult:
        yield Sheet(id="notebook-steps", label_width=2)
        yield Sheet(id="notebook-back", label_width=10)
        yield Static("What the packet has to say of it; what stays empty is owed", classes="section", markup=False)
        yield PlanPart(self._at_start, self.wizard.session.deps.tables)

    def draw(self, run: Run) -> None:
        self.query_one("#notebook-steps", Sheet).show(step_rows(run, self.wizard.jobs.written))
        self.query_one("#notebook-back", Sheet).show(runtime_rows(run))
        self.query_one(PlanPart).show(run, self.wizard.session.deps.tables)

    def hint(self, run: Run) -> str:
        return "f3 writes the notebook, f4 takes back what ran in it. Or go on: a plan is enough."
