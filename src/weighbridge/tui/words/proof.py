"""What is said beside the figures of a proof or an eval: whether they can be trusted, and what to do if not."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.proof.phase_words import phase_words
from weighbridge.domain.text import clean_line
from weighbridge.tui.widgets.figures import elapsed
from weighbridge.tui.widgets.status_line import sentence

MOST_DOUBTS = 2
"""Of a server's account, said in the status line; the packet has all of them."""
MARKS = {"quiet": "quiet", "contended": "! contended", "unknown": "noise not known"}


def state_words(view: LiveView) -> str:
    """`answering · quiet`: the phase, and the mark once a prompt was worked on; a wait is no work."""
    phase = phase_words(view.phase)
    if view.phase == "wait":
        return phase
    return f"{phase} · {MARKS[view.mark]}" if view.mark in ("quiet", "contended") else phase


def wait_words(view: LiveView) -> str:
    """For what the server makes us wait, how long so far and how long still; empty while nothing is waited for."""
    return sentence(view.server.wait) if view.server is not None else ""


def contended_words(noise: Noise | None) -> str:
    """Why a result is contended; empty where it is not."""
    if noise is None or noise.mark != "contended":
        return ""
    return f"Contended: {noise.reasons[0]}" if noise.reasons else "Contended."


def doubts(figures: JobFigures) -> Iterator[str]:
    """Sentences for everything that makes the figures of a job less than they look."""
    if said := contended_words(figures.noise):
        yield f"{said} ctrl+r repeats it."
    for disagreement in figures.disagreements:
        yield sentence(disagreement)
    for doubt in figures.server.doubts[:MOST_DOUBTS] if figures.server else ():
        yield sentence(doubt)
    if figures.unstable:
        names = clean_line(", ".join(figures.unstable), 100)
        yield f"Unstable: at temperature 0 the repeats differ ({names})."


def progress(view: LiveView) -> str:
    """`61 of 128 tokens · 4.2 s`; once a job of several answers is over, how many the figures stand for."""
    if not view.job:
        return ""
    if (view.answers or 0) > 1:
        return f"over {view.answers} answers · {elapsed(view.elapsed_s)}"
    own_limit = view.warmup or bool(view.case)
    limit = f" of {view.max_tokens}" if view.max_tokens and not own_limit else ""
    asked = "warm-up · " if view.warmup else repeat_words(view)
    if view.server is not None:
        return f"{asked}{view.tokens} pieces of text · {elapsed(view.elapsed_s)}"
    return f"{asked}{view.tokens}{limit} tokens · {elapsed(view.elapsed_s)}"


def repeat_words(view: LiveView) -> str:
    """`repeat 2 of 3 · `; empty where a prompt is asked once."""
    return f"repeat {view.repeat} of {view.repeats} · " if view.repeats > 1 else ""
