"""Our rates beside the engine's own counters, and a sentence where they are too far apart.

Prefill is one clock around the same calls twice. Our decode rate is taken between tokens, so that it pays for sampling
and writing too; the engine counts the time within its decode calls. A gap there is a cost of ours, not an error of the
engine, and it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Literal

LIMIT = 0.05
"""Largest difference that is not worth a word, as a share of the engine's figure."""
LEAST_TOKENS = 16
"""Answers and prompts with fewer say nothing: one slow call would."""
LEAST_S = 0.02
"""Spans below it are lost in the clock and in the cost of a call."""

Phase = Literal["prefill", "decode"]
Pair = tuple[float, float]
"""Our rate and the engine's for one request, tokens a second."""


def comparable(tokens: int | None, engine_ms: float | None) -> bool:
    """Whether one request is long enough for its two rates to be held against each other."""
    if tokens is None or engine_ms is None:
        return False
    return tokens >= LEAST_TOKENS and engine_ms / 1000 >= LEAST_S


def disagreement(phase: Phase, pairs: Sequence[Pair], served: bool = False) -> str | None:
    """The sentence where the medians are more than 5 % apart; None where they agree or nothing is comparable.

    `served`: a server answered, so that its account and the way to it lie between the two rates.
    """
    if not pairs:
        return None
    ours, theirs = (median(side) for side in zip(*pairs, strict=True))
    share = abs(ours - theirs) / theirs if theirs else 0.0
    if share <= LIMIT:
        return None
    said = f"{phase}: {ours:.1f} tokens/s here, {theirs:.1f} by the engine's own counters, {100 * share:.1f} % apart"
    if served:
        return f"{said}: one is the client's clock, the other the server's own account."
    if phase == "decode" and ours < theirs:
        return f"{said}: sampling and writing take the rest."
    return f"{said}: one of the two clocks is wrong, or the process was held up between its calls."
