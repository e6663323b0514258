"""From the events of one request to its line in `load.jsonl`."""

from __future__ import annotations

from typing import Any

from weighbridge.domain.load.records import LoadRequest
from weighbridge.domain.proof.events import Completed, Event, Failed, RequestStarted, Token
from weighbridge.domain.text import clean_line

_CUT = {"time_limit": "No whole answer within its time limit.", "stopped": "The answer was stopped."}
"""Ends of an answer that is not whole."""


class RequestFold:
    """Takes the events of one request. `begun`: load test, concurrency, number, case and start."""

    def __init__(self, begun: LoadRequest) -> None:
        self._begun = begun
        self._pieces: list[float] = []
        self._ended: Completed | Failed | None = None

    @property
    def pieces(self) -> int:
        """Pieces of text that have arrived."""
        return len(self._pieces)

    def add(self, event: Event) -> None:
        if isinstance(event, RequestStarted):
            self._begun = self._begun.model_copy(update={"t_start": event.t})
        elif isinstance(event, Token):
            self._pieces.append(event.t)
        elif isinstance(event, Completed | Failed):
            self._ended = event

    def line(self, t: float, *, stopped: bool = False) -> LoadRequest:
        """The request as it ended, at `t` where no event says when. `stopped`: whatever is not whole was given up."""
        done = self._ended if isinstance(self._ended, Completed) else None
        error = self._error()
        known: dict[str, Any] = {
            "t_pieces": tuple(self._pieces),
            "t_end": t if self._ended is None else self._ended.t,
            "given_up": stopped and bool(error),
            "error": "" if stopped else clean_line(error, 300),
        }
        if done is not None:
            known |= {
                "prompt_tokens": done.prompt_tokens,
                "output_tokens": done.output_tokens,
                "reused_tokens": done.reused_tokens,
                "stop_reason": done.stop_reason,
            }
        return self._begun.model_copy(update=known)

    def _error(self) -> str:
        """Why there is no whole answer; empty where there is one."""
        if isinstance(self._ended, Failed):
            return self._ended.message
        if self._ended is None:
            return "The server's answer ended before it was whole."
        return _CUT.get(self._ended.stop_reason, "")
