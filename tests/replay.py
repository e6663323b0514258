"""A runtime that plays a recorded job again, and can hold its breath at a token: what the screenshots show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from weighbridge.domain.proof.events import (
    Attempt,
    Completed,
    Conditions,
    Connected,
    Event,
    Graded,
    Loaded,
    RequestStarted,
    ServerSample,
    Stopped,
    Token,
)
from weighbridge.domain.proof.live import LiveView
from weighbridge.domain.proof.runtime import Clock, Launch, RuntimeFacts
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.proof.summary import last, last_attempt


@dataclass(frozen=True)
class Hold:
    """Where the replay waits: behind this many tokens of this request, or while its server lets it wait, told twice."""

    request: str
    tokens: int
    sent_away: bool = False

    def reached(self, view: LiveView) -> bool:
        """Whether the job stands there."""
        case = self.request.removeprefix("case-")
        away = view.phase == "wait" and view.elapsed_s > view.spans[-1].start
        return view.tokens == self.tokens and view.case in ("", case) and away == self.sent_away


class Replay:
    """Plays the last attempt of a recorded job, each event at its recorded time.

    Marks and the readings of the machine are left to the session.
    """

    def __init__(self, events: Sequence[Event], hold: Hold | None) -> None:
        self._events = [e for e in last_attempt(events) if not isinstance(e, Graded | Conditions)]
        self._hold = hold
        self._stop = asyncio.Event()

    def factory(self, launch: Launch, clock: Clock) -> Replay:
        return self

    @property
    def facts(self) -> RuntimeFacts:
        attempt = last(self._events, Attempt)
        assert attempt is not None
        return RuntimeFacts(name=attempt.runtime, version=attempt.version, where="child process on this machine")

    async def start(self) -> AsyncIterator[Event]:
        for event in self._events[1:]:
            yield event
            if isinstance(event, Loaded | Connected):
                return

    async def generate(self, request: Request) -> AsyncIterator[Event]:
        """From the end of the request before (or of the start) to the end of this one: samples stay in between."""
        tokens = waits = 0
        for event in self._of(request.id):
            yield event
            tokens += isinstance(event, Token)
            waits += isinstance(event, ServerSample) and bool(event.wait)
            if self._hold == Hold(request.id, tokens, waits == 2):
                await self._stop.wait()
                return

    def _of(self, request: str) -> Sequence[Event]:
        begin = 0
        for at, event in enumerate(self._events):
            if isinstance(event, Loaded | Connected):
                begin = at + 1
            elif isinstance(event, Completed):
                if event.request == request:
                    return self._events[begin : at + 1]
                begin = at + 1
            elif isinstance(event, RequestStarted) and event.request != request:
                continue
        raise AssertionError(f"nothing was recorded of {request}")

    async def stop(self) -> Stopped | None:
        self._stop.set()
        return last(self._events, Stopped)
