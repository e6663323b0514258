"""The phases of a job as a person reads them: the same words in the wizard and in lines."""

from __future__ import annotations

_PHASES = {
    "idle": "not started",
    "start": "starting the engine",
    "connect": "waiting for the server",
    "load": "loading the model",
    "sweep": "measuring threads",
    "threads": "measuring threads",
    "between": "ready",
    "prefill": "reading the prompt",
    "wait": "waiting for the server",
    "decode": "answering",
}


def phase_words(phase: str) -> str:
    """A phase of `LiveView`, or the one that a job failed in; those that speak for themselves stay as they are."""
    return _PHASES.get(phase, phase)
