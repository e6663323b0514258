"""One prompt to `/v1/chat/completions`, answered as a stream: the events of one request.

TTFT is that of the first piece with text, on our clock; what the server says of counts and times is kept apart.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from weighbridge.domain.proof.events import Completed, RequestStarted, ServerSample, Token
from weighbridge.domain.proof.runtime import Clock
from weighbridge.domain.proof.settings import Message, Request, RuntimeSettings
from weighbridge.services.endpoint.account import Account
from weighbridge.services.endpoint.again import Wait, asked_again
from weighbridge.services.endpoint.answer import Answer, Asked
from weighbridge.services.endpoint.deadline import PATIENT, Deadline, Limits
from weighbridge.services.endpoint.server_facts import LLAMA_SERVER
from weighbridge.services.endpoint.stream import chunks
from weighbridge.services.endpoint.truncation import count_sent, messages_of


async def chat(
    asked: Asked,
    request: Request,
    settings: RuntimeSettings,
    clock: Clock,
    tell: Callable[[RequestStarted], None],
    limits: Limits = PATIENT,
) -> AsyncGenerator[Token | ServerSample | Completed, None]:
    """ServerSample for each wait, Token..., Completed; may be left at any moment. EndpointProblem: the server failed.

    `tell` is given RequestStarted as soon as the prompt is handed over, before any answer: its TTFT counts from there.
    """
    messages = messages_of(request)
    engine = "" if request.under_load else asked.engine  # of an engine that is not known, no tokenizer is asked
    sent = await count_sent(asked.client, engine, asked.model, messages)
    most = request.max_tokens or settings.max_tokens
    answer = Answer(asked, request, Account(most, messages, sent), most)

    def on_sent() -> None:
        if (started := answer.started(clock())) is not None:
            tell(started)

    deadline = Deadline(limits, request.time_limit_s, asked.client.host)
    patience = limits._replace(again_s=0.0, loading_s=0.0) if request.under_load else limits
    body = _body(asked, messages, settings, most)
    tries = asked_again(lambda: _chunks(asked, body, on_sent), clock, patience, answer.waited)
    async with aclosing(tries) as arriving:
        while (chunk := await deadline.next(arriving)) is not None:
            if isinstance(chunk, Wait):
                deadline.waits(chunk.seconds)
                yield chunk.sample
            elif (token := answer.take(chunk, clock())) is not None:
                deadline.moved()
                yield token
    if (token := answer.rest(clock())) is not None:
        yield token
    yield answer.completed(clock(), over=deadline.over)


def _body(asked: Asked, messages: Sequence[Message], settings: RuntimeSettings, most: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": asked.model,
        "messages": [message.model_dump() for message in messages],
        "max_tokens": most,
        "temperature": settings.temperature,
        "seed": settings.seed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return body | {"cache_prompt": False} if asked.engine == LLAMA_SERVER else body


async def _chunks(
    asked: Asked, body: dict[str, Any], on_sent: Callable[[], None]
) -> AsyncGenerator[dict[str, Any], None]:
    async with (
        asked.client.stream("chat/completions", body, on_sent) as response,
        aclosing(chunks(asked.client, response)) as found,
    ):
        async for chunk in found:
            yield chunk
