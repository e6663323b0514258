"""Latency of the answer, CPU of the child, and what others take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.timeline import Point
from weighbridge.tui.widgets.figures import UNKNOWN, millis, number, percent, rate, seconds
from weighbridge.tui.widgets.panel import Figure, Panel
from weighbridge.tui.widgets.trace import Scale


class LatencyPanel(Panel):
    """The trace is the longest inter-token latency of each column, from zero.

    Dashed is the p50; shaded is the band from p50 to p95, once there are tokens enough to say a p95.
    """

    TITLE: ClassVar[str] = "latency"

    def figures(self, view: LiveView) -> list[Figure]:
        return [
            _ttft(view),
            ("ITL p50 ┄", millis(view.itl_p50_s)),
            _high(view),
            *_rates(view),
            _load(view),
        ]

    def all_figures(self, view: LiveView) -> list[Figure]:
        return [
            _ttft(view),
            ("ITL p50 ┄", millis(view.itl_p50_s)),
            ("ITL p95 ░", millis(view.itl_p95_s)),
            ("ITL max", millis(view.itl_max_s)),
            *_rates(view),
            (f"{_mean(view)}CPU of the {'server' if view.server is not None else 'child'}", percent(view.cpu_percent)),
            (f"{_mean(view)}others, load", f"{percent(view.others_percent)}, {number(view.load1, 1)}"),
        ]

    def short_figures(self, view: LiveView) -> list[Figure]:
        high = ("ITL p50, p95", view.itl_p95_s) if view.itl_p95_s is not None else ("ITL p50, max", view.itl_max_s)
        both = UNKNOWN if high[1] is None else f"{_bare(view.itl_p50_s)}, {millis(high[1])}"
        return [
            _ttft(view),
            (high[0], both),
            *_rates(view),
            _load(view),
        ]

    def points(self, view: LiveView) -> Sequence[Point]:
        return view.latency_trace

    def scaled(self, view: LiveView) -> Scale:
        p50, p95 = view.itl_p50_s, view.itl_p95_s
        highest = max((value for _, value in view.latency_trace), default=0.0)
        top = min(highest, 2 * p95) if p95 else highest
        return Scale(1.1 * top, (p50,) if p50 else (), (p50, p95) if p50 and p95 else None)


def _ttft(view: LiveView) -> Figure:
    """Of a prompt that was sent away first, or of which a part was in the KV cache, it is not the model's own."""
    if view.waited:
        return ("TTFT with wait", seconds(view.ttft_s))
    return ("TTFT, reused" if view.reused_tokens else "TTFT", seconds(view.ttft_s))


def _high(view: LiveView) -> Figure:
    """The p95, or what is said below the count that supports it."""
    if view.itl_p95_s is not None:
        return ("ITL p95 ░", millis(view.itl_p95_s))
    return ("ITL max", millis(view.itl_max_s))


def _rates(view: LiveView) -> list[Figure]:
    """Of a server the pieces of text that arrive are counted; tokens it alone can count, at the end."""
    prefill = ("prefill", rate(view.prefill_rate))
    if view.server is None or view.decode_rate is not None:
        return [prefill, ("decode", rate(view.decode_rate))]
    pieces = UNKNOWN if view.piece_rate is None else f"{view.piece_rate:,.1f}/s"
    return [prefill, ("pieces", pieces)]


def _load(view: LiveView) -> Figure:
    if view.others_percent is not None:
        both = f"{percent(view.cpu_percent).removesuffix(' %')}, {percent(view.others_percent)}"
        # In the design size the mean of a busy machine has no room beside the longer name.
        return ("mean CPU, rest" if view.mean_load else "CPU, others", both)
    return ("CPU, load", f"{percent(view.cpu_percent)}, {number(view.load1, 1)}")


def _mean(view: LiveView) -> str:
    """Once the job is over, the machine's load is that of its prompts, not of its last moment."""
    return "mean " if view.mean_load else ""


def _bare(value: float | None) -> str:
    return UNKNOWN if value is None else millis(value).removesuffix(" ms")
