"""One request to any server that streams: the events from the moment it is handed over to the end of its answer.

TTFT is that of the first piece with text, on our clock; what the server says of counts and times is kept apart.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import NamedTuple

from weighbridge.domain.proof.events import Completed, RequestStarted, ServerSample, Token
from weighbridge.domain.proof.settings import Request
from weighbridge.services.endpoint.account import Account
from weighbridge.services.endpoint.again import Wait, asked_again
from weighbridge.services.endpoint.answer import Answer, Asked
from weighbridge.services.endpoint.deadline import PATIENT, Deadline, Limits
from weighbridge.services.endpoint.stream import Chunk


class Question(NamedTuple):
    """One request as an API puts it.

    `ask(on_sent)`: sends it, calls `on_sent` as soon as it is handed over, and gives the chunks of the answer in the
    shape of an OpenAI-compatible stream. It is called anew for each try. EndpointProblem: the server failed.
    """

    asked: Asked
    request: Request
    account: Account
    ask: Callable[[Callable[[], None]], AsyncGenerator[Chunk, None]]


async def answered(
    question: Question, tell: Callable[[RequestStarted], None], limits: Limits = PATIENT
) -> AsyncGenerator[Token | ServerSample | Completed, None]:
    """ServerSample for each wait, Token..., Completed; may be left at any moment. EndpointProblem: the server failed.

    `tell` is given RequestStarted as soon as the prompt is handed over, before any answer: its TTFT counts from there.
    """
    asked, request, account, ask = question
    clock = asked.client.clock
    answer = Answer(asked, request, account)

    def on_sent() -> None:
        if (started := answer.started(clock())) is not None:
            tell(started)

    deadline = Deadline(limits, request.time_limit_s, asked.client.host)
    patience = limits._replace(again_s=0.0, loading_s=0.0) if request.under_load else limits
    tries = asked_again(lambda: ask(on_sent), clock, patience, answer.waited)
    async with aclosing(tries) as arriving:
        while (chunk := await deadline.next(arriving)) is not None:
            if isinstance(chunk, Wait):
                deadline.waits(chunk.seconds)
                yield chunk.sample
            elif (token := answer.take(chunk)) is not None:
                deadline.moved()
                yield token
    if (token := answer.rest()) is not None:
        yield token
    yield answer.completed(clock(), over=deadline.over)
