"""Why a case has no whole answer, in the words that its result keeps."""

from __future__ import annotations

from weighbridge.domain.proof.events import Completed, Failed, RequestStarted


def cut_off(time_limit_s: float) -> str:
    """The answer was ended at its time limit, seconds."""
    return f"No whole answer within the time limit of {time_limit_s:g} s."


def failure_of(asked: RequestStarted | None, ended: Completed | Failed | None) -> str:
    """What the events before a mark say: the reason why the answer is not whole, empty where it is.

    `ended`: what ended the request, its answer or a failure of the engine.
    """
    if isinstance(ended, Failed):
        return ended.message
    if asked is not None and asked.time_limit_s is not None and ended is not None and ended.stop_reason == "time_limit":
        return cut_off(asked.time_limit_s)
    return ""
