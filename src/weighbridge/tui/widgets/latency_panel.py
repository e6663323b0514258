"""Latency of the answer, CPU of the child and load of the machine."""

from __future__ import annotations

from weighbridge.domain.proof.live import LiveView
from weighbridge.tui.widgets.figures import millis, number, percent, rate, seconds
from weighbridge.tui.widgets.panel import Figure, Panel
from weighbridge.tui.widgets.trace import Trace


class LatencyPanel(Panel):
    """The trace is the decode rate of the last second, from zero to a little above its highest."""

    TITLE = "latency"

    def figures(self, view: LiveView) -> list[Figure]:
        return [
            ("TTFT", seconds(view.ttft_s)),
            ("ITL p50", millis(view.itl_p50_s)),
            ("ITL p95", millis(view.itl_p95_s)),
            ("ITL max", millis(view.itl_max_s)),
            ("prefill", rate(view.prefill_rate)),
            ("decode", rate(view.decode_rate)),
            ("CPU of the child", percent(view.cpu_percent)),
            ("machine", f"{percent(view.machine_percent)}, load {number(view.load1, 1)}"),
        ]

    def short_figures(self, view: LiveView) -> list[Figure]:
        high = ("ITL p95", view.itl_p95_s) if view.itl_p95_s is not None else ("ITL max", view.itl_max_s)
        return [
            ("TTFT", seconds(view.ttft_s)),
            ("ITL p50", millis(view.itl_p50_s)),
            (high[0], millis(high[1])),
            ("prefill", rate(view.prefill_rate)),
            ("decode", rate(view.decode_rate)),
            ("CPU, load", f"{percent(view.cpu_percent)}, {number(view.load1, 1)}"),
        ]

    def trace(self, view: LiveView, trace: Trace) -> None:
        trace.show(view.speed_trace, max(view.speed_trace, default=0.0) * 1.1)
