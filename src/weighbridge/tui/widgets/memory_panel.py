"""Memory of the child: resident set with its two parts, peak, forecast, and what was available at the start."""

from __future__ import annotations

from weighbridge.domain.proof.live import LiveView
from weighbridge.tui.widgets.figures import UNKNOWN, mib
from weighbridge.tui.widgets.panel import Figure, Panel
from weighbridge.tui.widgets.trace import Trace


class MemoryPanel(Panel):
    """The trace runs from zero to a little above the forecast or the peak; the dashed line is the forecast."""

    TITLE = "memory"

    def figures(self, view: LiveView) -> list[Figure]:
        return [
            ("RSS", mib(view.rss_bytes)),
            ("  anonymous", mib(view.rss_anon_bytes)),
            ("  file-backed", mib(view.rss_file_bytes)),
            ("peak", mib(view.peak_bytes)),
            ("forecast ┄", mib(view.forecast_bytes)),
            ("available", mib(view.limit_bytes)),
        ]

    def short_figures(self, view: LiveView) -> list[Figure]:
        return [
            ("RSS", mib(view.rss_bytes)),
            ("anon + file", _split(view)),
            ("peak", mib(view.peak_bytes)),
            ("forecast ┄", mib(view.forecast_bytes)),
            ("available", mib(view.limit_bytes)),
        ]

    def trace(self, view: LiveView, trace: Trace) -> None:
        top = max(view.forecast_bytes or 0, view.peak_bytes or 0) * 1.1
        mark = view.forecast_bytes
        if view.limit_bytes is not None and view.limit_bytes <= top:
            mark = view.limit_bytes
        trace.show(view.memory_trace, top, mark)


def _split(view: LiveView) -> str:
    if view.rss_anon_bytes is None or view.rss_file_bytes is None:
        return UNKNOWN
    return f"{view.rss_anon_bytes / 2**20:,.0f} + {mib(view.rss_file_bytes)}"
