"""What an event that comes seldom changes in the live view, as fields of `LiveView`."""

from __future__ import annotations

from typing import Any

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Connected,
    Ended,
    Event,
    Failed,
    Graded,
    Loaded,
    Prefilled,
    Ready,
    RequestStarted,
    Stopped,
    Swept,
    ThreadsLowered,
    Trial,
)
from weighbridge.domain.proof.shutdown import shutdown_text
from weighbridge.domain.proof.thread_words import counts, threads_words

OF_A_CHILD = (
    "rss_bytes",
    "rss_anon_bytes",
    "rss_file_bytes",
    "peak_bytes",
    "baseline_bytes",
    "cpu_percent",
    "others_percent",
    "machine_percent",
    "prompt_tokens",
    "prefill_rate",
)
"""What is not known of another child before it says so."""


def changes_of(event: Event, facts: dict[str, Any], measures_threads: bool) -> dict[str, Any]:
    """What an event that comes seldom changes in the view. Times, tokens and samples are taken elsewhere."""
    match event:
        case Attempt():
            return _begun(event, facts)
        case Ready():
            return {"phase": "load", "baseline_bytes": event.baseline_rss_bytes}
        case Connected():
            return {"phase": "between"}
        case Loaded() if not measures_threads:
            return {"phase": "between", "threads": counts(event.n_threads_batch, event.n_threads)}
        case Loaded():
            return {"phase": "threads"}
        case Trial():
            return {"phase": "threads"}
        case Swept():
            return {"phase": "between", "threads": threads_words(event)}
        case ThreadsLowered():
            return {"threads": f"lowered to {event.n_threads} of {event.n_threads_before} threads"}
        case RequestStarted():
            return {
                "phase": "prefill",
                "case": event.case,
                "repeat": event.repeat,
                "warmup": event.warmup,
                "prompt": event.prompt,
                "prompt_tokens": event.prompt_tokens,
                "prefill_rate": None,
                "reused_tokens": 0,
            }
        case Prefilled():
            computed = event.prompt_tokens - event.reused_tokens
            rate = round(computed / event.prefill_s, 3) if event.prefill_s > 0 else None
            return {"prefill_rate": rate, "reused_tokens": event.reused_tokens}
        case _:
            return _ending(event, facts)


def _ending(event: Event, facts: dict[str, Any]) -> dict[str, Any]:
    """What an event says that closes something: an answer, a case, a child, the job."""
    match event:
        case Completed() if event.pieces is not None:
            told = {"prompt_tokens": event.prompt_tokens, "reused_tokens": event.reused_tokens}
            return {"phase": "between", "doubts": event.doubts, **told}
        case Completed():
            return {"phase": "between"}
        case Graded():
            return {"marks": (*facts.get("marks", ()), (event.case, event.passed, event.reason))}
        case Failed():
            return {"phase": "between" if event.survived else "failed", "message": event.message}
        case Stopped():
            return {"stopped": shutdown_text(event)}
        case Ended():
            return {"phase": {"completed": "done"}.get(event.outcome, event.outcome)}
        case _:
            return {}


def _begun(event: Attempt, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        **dict.fromkeys(OF_A_CHILD),
        "job": event.job,
        "job_id": event.job_id,
        "phase": "start" if event.target is None else "connect",
        "mode": event.mode,
        "message": event.reason,
        "limit_bytes": event.available_bytes if event.target is None else None,
        "doubts": (),
        "max_tokens": event.settings.max_tokens,
        "load1": event.load1,
        "repeats": event.settings.repeats,
        "warmup": False,
        "reused_tokens": 0,
        "threads": "",
        "stopped": "",
        "attempts": (*facts.get("attempts", ()), event.reason),
    }
