"""One prompt to `/v1/chat/completions`, answered as a stream: the events of one request.

TTFT is that of the first piece with text, on our clock; what the server says of counts and times is kept apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from weighbridge.domain.proof.events import Completed, RequestStarted, Token
from weighbridge.domain.proof.runtime import Clock
from weighbridge.domain.proof.settings import Message, Request, RuntimeSettings
from weighbridge.services.endpoint.account import Account
from weighbridge.services.endpoint.answer import Answer, Asked
from weighbridge.services.endpoint.deadline import PATIENT, Deadline, Limits
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.server_facts import LLAMA_SERVER
from weighbridge.services.endpoint.stream import chunks
from weighbridge.services.endpoint.truncation import count_sent, messages_of

LEAST_WAIT_S = 1.0
"""Before a request is made again that the server had no room for, seconds."""


async def chat(
    asked: Asked,
    request: Request,
    settings: RuntimeSettings,
    clock: Clock,
    tell: Callable[[RequestStarted], None],
    limits: Limits = PATIENT,
) -> AsyncGenerator[Token | Completed, None]:
    """Token..., Completed. EndpointProblem where the server failed; may be left at any moment.

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
    patience = limits._replace(again_s=0.0) if request.under_load else limits
    tries = _tries(asked, _body(asked, messages, settings, most), answer, patience, on_sent)
    async with aclosing(tries) as arriving:
        while (chunk := await deadline.next(arriving)) is not None:
            if (token := answer.take(chunk, clock())) is not None:
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


async def _tries(
    asked: Asked, body: dict[str, Any], answer: Answer, limits: Limits, on_sent: Callable[[], None]
) -> AsyncGenerator[dict[str, Any], None]:
    """Chunks of the answer. Where the server asks for patience before it (429), it gets some."""
    waited = 0.0
    while True:
        try:
            async with (
                asked.client.stream("chat/completions", body, on_sent) as response,
                aclosing(chunks(asked.client, response)) as found,
            ):
                async for chunk in found:
                    yield chunk
            return
        except EndpointProblem as problem:
            if problem.kind != "rate_limited":
                raise
            wait = max(LEAST_WAIT_S, problem.wait_s or 0.0)
            if waited + wait > limits.again_s:
                told = f"{problem} It was to be asked again in {wait:.0f} s, after {waited:.0f} s of waiting."
                raise EndpointProblem(problem.kind, told, problem.hint, wait) from None
        await asyncio.sleep(wait)
        waited += wait
        answer.waited(waited)
