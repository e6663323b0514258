"""The title bar: which run, which step, and what runs at this moment."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.run import Run
from weighbridge.domain.steps import STEPS, Step
from weighbridge.tui.widgets.figures import elapsed, mib


def live_words(view: LiveView) -> str:
    """The running job in a few words: `proof running 4.2 s · 61 tok · 230 MiB`, or that it waits for a server."""
    if not view.job:
        return "starting"
    if view.server is not None and view.server.wait:
        return f"{view.job} waiting {elapsed(view.elapsed_s)}"
    parts = [f"{view.job} running {elapsed(view.elapsed_s)}"]
    if view.job == "eval" and view.marks:
        parts.append(f"{len(view.marks)} marked")
    parts.append(f"{view.tokens} tok" if view.server is None else f"{view.tokens} pieces")
    if view.rss_bytes is not None:
        parts.append(mib(view.rss_bytes))
    return " · ".join(parts)


class TitleBar(Widget):
    """One row. Where it is too narrow for all, the run's name goes first, then the program's."""

    DEFAULT_CSS = """
    TitleBar { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self, step: Step, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._step = step
        self._run = ""
        self._live = ""

    def show(self, run: Run, view: LiveView | None, model: str) -> None:
        """`view` is None while nothing runs; `model`: what happens to the model meanwhile, else empty."""
        live = " · ".join(part for part in (live_words(view) if view else "", model) if part)
        new = (run.id + (" · planned" if run.planned_only else ""), live)
        if new != (self._run, self._live):
            self._run, self._live = new
            self.refresh()

    @property
    def text(self) -> str:
        """The row as it is drawn."""
        return self.render().plain

    def render(self) -> Content:
        left, live = self._fitting()
        space = max(1, self.size.width - len(left) - len(live))
        return Content.assemble((left, "bold"), " " * space, (live, "$text-accent bold"))

    def _fitting(self) -> tuple[str, str]:
        """The longest pair of texts that the row holds; the step is named at every width."""
        step = f"step {self._step.number} of {len(STEPS)} · {self._step.title}"
        short = self._live.replace(" running", "")
        pairs = (
            (f"weighbridge · {self._run} · {step}", self._live),
            (f"weighbridge · {step}", self._live),
            (step, self._live),
            (step, short),
        )
        fits = (pair for pair in pairs if sum(map(len, pair)) + 2 <= self.size.width)
        return next(fits, (step, short.split(" · ")[0]))
