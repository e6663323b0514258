"""Threads in words for the live panel."""

from __future__ import annotations

from weighbridge.domain.proof.threads import Swept


def threads_words(swept: Swept) -> str:
    """How many threads, and how they were chosen."""
    how = {
        "measured": f"measured in {swept.seconds:.1f} s",
        "remembered": f"measured {_ago(swept.age_s)} ago",
        "fixed": "fixed",
        "fallback": "not measured",
    }
    return f"{counts(swept.n_threads_batch, swept.n_threads)}, {how[swept.how]}"


def counts(prefill: int, decode: int) -> str:
    """`2 threads prefill, 2 decode`."""
    return f"{prefill} thread{'s' if prefill != 1 else ''} prefill, {decode} decode"


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"
