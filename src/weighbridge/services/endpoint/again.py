"""A server without room, or loading once more (429, 503): asked again within a limit, and every wait is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import NamedTuple, TypeVar

from weighbridge.domain.proof.remote import ASKED_AGAIN, WAITING, ServerSample
from weighbridge.domain.proof.runtime import Clock
from weighbridge.services.endpoint.deadline import Limits
from weighbridge.services.endpoint.problems import EndpointProblem

T = TypeVar("T")

TELL_EVERY_S = 1.0
"""Between two words of one wait."""


class Wait(NamedTuple):
    """Stands among the chunks of an answer that has not begun. `seconds`: until the server is asked again; 0: it is."""

    sample: ServerSample
    seconds: float


async def asked_again(
    ask: Callable[[], AsyncGenerator[T, None]], clock: Clock, limits: Limits, waited: Callable[[float, int], None]
) -> AsyncGenerator[T | Wait, None]:
    """The chunks of `ask()`, which is called anew after each Wait. EndpointProblem where its patience ends.

    `waited(seconds, status)`: how long in all, before it is asked again.
    """
    so_far = 0.0
    while True:
        try:
            async with aclosing(ask()) as found:
                async for chunk in found:
                    yield chunk
            return
        except EndpointProblem as problem:
            told = problem
        limit = {"rate_limited": limits.again_s, "loading": limits.loading_s}.get(told.kind)
        if limit is None:
            raise told
        wait = max(limits.ask_every_s, told.wait_s or 0.0)
        if so_far + wait > limit:
            raise _given_up(told, wait, so_far, limit)
        until = so_far + wait
        while so_far < until:
            left = until - so_far
            source = f"{WAITING}{so_far:.0f} of at most {limit:g} s: {told} Asked again in {left:.0f} s."
            yield Wait(ServerSample(t=clock(), source=source), left)
            await asyncio.sleep(min(left, TELL_EVERY_S))
            so_far = min(until, so_far + TELL_EVERY_S)
        waited(so_far, 503 if told.kind == "loading" else 429)
        yield Wait(ServerSample(t=clock(), source=ASKED_AGAIN), 0.0)


def _given_up(told: EndpointProblem, wait: float, so_far: float, limit: float) -> EndpointProblem:
    """`wait`, `so_far`, `limit`: seconds; of the next wait, of those before it, and what is waited at most."""
    said = f"{told} It was to be asked again in {wait:.0f} s, after {so_far:.0f} s of waiting."
    hint = told.hint
    if told.wait_s is not None and told.wait_s > limit:
        hint = f"At most {limit:g} s are waited: start it again in {told.wait_s:.0f} s, as the server asks."
    return EndpointProblem(told.kind, said, hint, wait)
