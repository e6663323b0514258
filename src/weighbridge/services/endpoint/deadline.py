"""How long an answer may take: in all, until its first piece, and between two pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import NamedTuple, TypeVar

from weighbridge.services.endpoint.problems import EndpointProblem

T = TypeVar("T")


class Limits(NamedTuple):
    """Seconds. `first_s`: until the first piece, where a long prompt is computed. `stall_s`: between two pieces.
    Waited in all where the server asks for patience: `again_s`, it has no room (429); `loading_s`, it is not ready
    (503). `ask_every_s`: it is asked again no sooner."""

    first_s: float = 600.0
    stall_s: float = 60.0
    again_s: float = 30.0
    loading_s: float = 900.0
    ask_every_s: float = 1.0


PATIENT = Limits()


class Deadline:
    """Limits of one answer from the moment it is made. What is no piece of text, a sign of life say, is no progress."""

    def __init__(self, limits: Limits, time_limit_s: float | None, host: str) -> None:
        now = asyncio.get_running_loop().time()
        self._limits, self._host = limits, host
        self._whole = None if time_limit_s is None else now + time_limit_s
        self._silent_s = limits.first_s
        self._stalls = now + limits.first_s
        self.over = False
        """Whether the time limit of the whole answer ended it."""

    def moved(self) -> None:
        """A piece of text came."""
        self._silent_s = self._limits.stall_s
        self._stalls = asyncio.get_running_loop().time() + self._silent_s

    def waits(self, seconds: float) -> None:
        """The server is asked again only after `seconds`: until its first piece it has as long as ever from there."""
        self._stalls = asyncio.get_running_loop().time() + seconds + self._limits.first_s

    async def next(self, source: AsyncGenerator[T, None]) -> T | None:
        """The next chunk; None at the end, or where the time limit has come. EndpointProblem where it stalls."""
        try:
            async with asyncio.timeout_at(self._stalls if self._whole is None else min(self._stalls, self._whole)):
                return await anext(source, None)
        except TimeoutError:
            if self._whole is not None and self._whole <= self._stalls:
                self.over = True
                return None
            told = f"{self._host} sent no text for {self._silent_s:g} s, in the middle of an answer"
            raise EndpointProblem("stalled", f"{told}.", "See the server's own log.") from None
