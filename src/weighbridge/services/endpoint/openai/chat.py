"""One prompt as `/v1/chat/completions` takes it, and its answer as a stream of chunks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any

from weighbridge.domain.proof.settings import Message, Request, RuntimeSettings
from weighbridge.services.endpoint.account import Account
from weighbridge.services.endpoint.answer import Asked
from weighbridge.services.endpoint.answering import Question
from weighbridge.services.endpoint.server_facts import LLAMA_SERVER
from weighbridge.services.endpoint.stream import Chunk, chunks
from weighbridge.services.endpoint.truncation import count_sent, messages_of


async def chat(asked: Asked, request: Request, settings: RuntimeSettings) -> Question:
    """The request, its tokens counted by the server where it can be asked to. Never raises for the server."""
    messages = messages_of(request)
    engine = "" if request.under_load else asked.engine  # of an engine that is not known, no tokenizer is asked
    sent = await count_sent(asked.client, engine, asked.model, messages)
    most = request.max_tokens or settings.max_tokens
    body = _body(asked, messages, settings, most)
    return Question(asked, request, Account(most, messages, sent), lambda on_sent: _chunks(asked, body, on_sent))


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


async def _chunks(asked: Asked, body: dict[str, Any], on_sent: Callable[[], None]) -> AsyncGenerator[Chunk, None]:
    async with (
        asked.client.stream("chat/completions", body, on_sent) as response,
        aclosing(chunks(asked.client, response)) as found,
    ):
        async for chunk in found:
            yield chunk
