"""Answer, memory and latency side by side: drawn from one view, held, zoomed, and compared with an earlier one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.timeline import Phase, next_zoom
from weighbridge.domain.text import clean
from weighbridge.tui.widgets.answer_pane import AnswerPane
from weighbridge.tui.widgets.latency_panel import LatencyPanel
from weighbridge.tui.widgets.memory_panel import MemoryPanel
from weighbridge.tui.widgets.server_rows import is_told, server_words
from weighbridge.tui.words.proof import progress, state_words


def answer_of(view: LiveView) -> str:
    """Prompt and answer as one text, safe for the terminal."""
    asked = f"Q  {clean(view.prompt, 4_000)}" if view.prompt else ""
    return f"{asked}\n\nA  {clean(view.answer)}" if view.job else asked


class LivePart(Vertical):
    """The widgets of a live view; the proof step and the replay show the same ones."""

    DEFAULT_CSS = """
    LivePart { height: 1fr; }
    LivePart > #panels { height: auto; }
    """

    def __init__(self, *, id: str = "live") -> None:
        super().__init__(id=id)
        self._held: LiveView | None = None
        self._newest = LiveView()
        self._before: LiveView | None = None
        self.zoom: Phase | None = None

    def compose(self) -> ComposeResult:
        yield AnswerPane(id="answer")
        with Horizontal(id="panels"):
            yield MemoryPanel(id="memory")
            yield LatencyPanel(id="latency")

    @property
    def held(self) -> bool:
        return self._held is not None

    @property
    def before(self) -> LiveView | None:
        """The earlier view that stands beside the present one."""
        return self._before

    @property
    def compared(self) -> bool:
        return self._before is not None

    def show(self, view: LiveView) -> None:
        """Draws the newest view, or the one that is held; the counters in the frame go on either way."""
        if view.elapsed_s < self._newest.elapsed_s:
            self._held = None
        self._newest = view
        drawn = self._held or view
        how = view.threads
        if view.server is not None:
            how = server_words(view.server) if view.job else ""
        threads = f"{'paused · ' if self.held else ''}{how}".removesuffix(" · ")
        self.query_one(AnswerPane).show(answer_of(drawn), threads, progress(view))
        mode = f"{view.mode} mode" if view.mode and view.server is None else ""
        if view.server is not None:
            mode = view.server.source if is_told(view) else "its own process"
        self.query_one(MemoryPanel).show(drawn, self._before, self.zoom, mode)
        self.query_one(LatencyPanel).show(drawn, self._before, self.zoom, state_words(view))

    def hold(self) -> None:
        """Freezes the picture, or lets it go on."""
        self._held = None if self.held else self._newest
        self.show(self._newest)

    def zoom_on(self) -> None:
        """Looks at the next phase alone, at last at the whole job again."""
        self.zoom = next_zoom(self._newest.spans, self.zoom)
        self.show(self._newest)

    def compare(self, before: LiveView | None) -> None:
        """Puts the figures of an earlier view beside the present ones; None takes them away."""
        self._before = before
        self.show(self._newest)
