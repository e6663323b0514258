"""From the events of one request to its line in `load.jsonl`."""

from __future__ import annotations

from typing import Any

from weighbridge.domain.load.records import LoadRequest
from weighbridge.domain.proof.events import Completed, Event, RequestStarted, Token
from weighbridge.domain.text import clean_line

_CUT = {"time_limit": "No whole answer within its time limit.", "stopped": "The answer was stopped."}
"""Ends of an answer that is not whole."""
_NO_END = "The server's answer ended before it was whole."


class RequestFold:
    """Takes the events of one request. `begun`: load test, concurrency, number, case and start."""

    def __init__(self, begun: LoadRequest) -> None:
        self._begun = begun
        self._pieces: list[float] = []
        self._done: Completed | None = None

    @property
    def pieces(self) -> int:
        """Pieces of text that have arrived."""
        return len(self._pieces)

    def add(self, event: Event) -> None:
        if isinstance(event, RequestStarted):
            self._begun = self._begun.model_copy(update={"t_start": event.t})
        elif isinstance(event, Token):
            self._pieces.append(event.t)
        elif isinstance(event, Completed):
            self._done = event

    def line(self, t: float, failure: str = "", *, given_up: bool = False) -> LoadRequest:
        """The request as it ended, at `t` where it has no whole answer: by a `failure`, or `given_up` by a stop."""
        done = self._done
        known: dict[str, Any] = {"t_pieces": tuple(self._pieces), "t_end": done.t if done else t}
        error = failure or (_CUT.get(done.stop_reason, "") if done else _NO_END)
        if error:
            known |= {"given_up": True} if given_up else {"error": clean_line(error, 300)}
        if done is not None:
            known |= {
                "prompt_tokens": done.prompt_tokens,
                "output_tokens": done.output_tokens,
                "reused_tokens": done.reused_tokens,
                "stop_reason": done.stop_reason,
            }
        return self._begun.model_copy(update=known)
