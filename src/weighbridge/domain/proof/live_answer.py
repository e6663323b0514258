"""The figures of a live view: of the answer that is being given, token by token, and of the job once it is over."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from weighbridge.domain.proof.events import Token
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.verdict.stats import p50, p95

GAPS = 1_600
"""Inter-token latencies whose p50 and p95 are shown: the newest of the answer."""
ANSWER = 20_000
"""Characters of the answer kept for the screen at least; the events keep all of it."""


@dataclass
class LiveAnswer:
    """Tokens of the answer that is being given."""

    handed_over: float = 0.0
    count: int = 0
    first: float = 0.0
    newest: float = 0.0
    ttft: float | None = None
    waited: bool = False
    longest: float | None = None
    gaps: deque[float] = field(default_factory=lambda: deque(maxlen=GAPS))
    text: str = ""
    pieces: list[str] = field(default_factory=list)

    def add(self, event: Token) -> float | None:
        """Takes a token; the gap before it, None for the first."""
        gap = None
        if self.ttft is None and event.text:
            self.ttft = round(event.t - self.handed_over, 6)
        if self.count == 0:
            self.first = event.t
        else:
            gap = round(event.t - self.newest, 6)
            self.longest = gap if self.longest is None or gap > self.longest else self.longest
            self.gaps.append(gap)
        self.newest = event.t
        self.count += 1
        self.pieces.append(event.text)
        return gap

    def shown(self) -> str:
        """The end of the text. It is cut seldom, so that from one view to the next it mostly only grows."""
        self.text += "".join(self.pieces)
        self.pieces.clear()
        if len(self.text) > 2 * ANSWER:
            self.text = self.text[-ANSWER:]
        return self.text

    def figures(self) -> dict[str, Any]:
        ordered, span = sorted(self.gaps), self.newest - self.first
        return {
            "answer": self.shown(),
            "tokens": self.count,
            "ttft_s": self.ttft,
            "waited": self.waited,
            "decode_rate": round((self.count - 1) / span, 3) if span > 0 else None,
            "itl_p50_s": p50(ordered),
            "itl_p95_s": p95(ordered),
            "itl_max_s": self.longest,
        }


def of_the_job(figures: JobFigures, facts: dict[str, Any]) -> dict[str, Any]:
    """The figures that are kept of the job, in place of those of its last answer."""
    noise, cold = figures.noise, figures.ttft_s is not None
    others = noise.others_percent if noise else None
    share = noise.cpu_over_wall if noise else None
    means = {"mean_load": True, "cpu_percent": None if share is None else 100 * share, "others_percent": others}
    return {
        "answers": figures.requests,
        "ttft_s": figures.ttft_s if cold else figures.ttft_reused_s,
        "reused_tokens": 0 if cold else facts.get("reused_tokens", 0),
        "prefill_rate": figures.prefill_tokens_per_s,
        "decode_rate": figures.decode_tokens_per_s,
        "itl_p50_s": figures.itl_p50_s,
        "itl_p95_s": figures.itl_p95_s,
        "itl_max_s": figures.itl_max_s,
        "peak_bytes": figures.peak_rss_bytes,
    } | ({} if others is None and share is None else means)
