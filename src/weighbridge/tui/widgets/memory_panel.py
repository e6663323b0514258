"""Memory of the child: resident set with its two parts, peak, forecast, and what was available at the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.timeline import Point
from weighbridge.tui.widgets.figures import UNKNOWN, mib
from weighbridge.tui.widgets.panel import Figure, Panel
from weighbridge.tui.widgets.server_rows import is_told, memory_rows, why_no_memory
from weighbridge.tui.widgets.status_line import sentence
from weighbridge.tui.widgets.trace import Scale


class MemoryPanel(Panel):
    """The trace runs from zero to a little above forecast and peak; dashed are the forecast, and the limit where it is
    not far above."""

    TITLE: ClassVar[str] = "memory"
    LASTS: ClassVar[bool] = True

    def title(self, view: LiveView) -> str:
        return "server memory" if view.server is not None else self.TITLE

    def note(self, view: LiveView) -> str:
        return sentence(why_no_memory(view.server)) if is_told(view) and view.server is not None else ""

    def _figures(self, view: LiveView, height: int) -> list[Figure]:
        if is_told(view) and view.server is not None:
            return memory_rows(view.server)
        return super()._figures(view, height)

    def figures(self, view: LiveView) -> list[Figure]:
        return [
            ("RSS", mib(view.rss_bytes)),
            ("  anonymous", mib(view.rss_anon_bytes)),
            ("  file-backed", mib(view.rss_file_bytes)),
            ("peak", mib(view.peak_bytes)),
            *_limits(view),
        ]

    def all_figures(self, view: LiveView) -> list[Figure]:
        return [*self.figures(view)[:4], ("before load", mib(view.baseline_bytes)), *_limits(view)]

    def short_figures(self, view: LiveView) -> list[Figure]:
        return [
            ("RSS", mib(view.rss_bytes)),
            ("anon + file", _split(view)),
            ("peak", mib(view.peak_bytes)),
            *_limits(view),
        ]

    def points(self, view: LiveView) -> Sequence[Point]:
        return view.server.trace if is_told(view) and view.server is not None else view.memory_trace

    def scaled(self, view: LiveView) -> Scale:
        if is_told(view) and view.server is not None:
            total = view.server.gpu_memory_total_bytes if view.server.traced == "GPU memory" else None
            return Scale(1.1 * (total or max((value for _, value in view.server.trace), default=0.0)))
        top = max(view.forecast_bytes or 0, view.peak_bytes or 0) * 1.1
        marks = (view.forecast_bytes, view.limit_bytes if _near(view, top) else None)
        highest = max([top, *(m * 1.02 for m in marks if m)])
        return Scale(highest, tuple(float(m) for m in marks if m))


def _near(view: LiveView, top: float) -> bool:
    """Whether the limit can be drawn without pressing the trace flat."""
    return view.limit_bytes is not None and view.limit_bytes <= 1.5 * top


def _limits(view: LiveView) -> list[Figure]:
    """A figure whose line is drawn carries the sign of the line. Of a server's process nothing was forecast."""
    if view.server is not None:
        return []
    top = max(view.forecast_bytes or 0, view.peak_bytes or 0) * 1.1
    limit = "available ┄" if _near(view, top) else "available"
    return [("forecast ┄", mib(view.forecast_bytes)), (limit, mib(view.limit_bytes))]


def _split(view: LiveView) -> str:
    if view.rss_anon_bytes is None or view.rss_file_bytes is None:
        return UNKNOWN
    return f"{view.rss_anon_bytes / 2**20:,.0f} + {mib(view.rss_file_bytes)}"
