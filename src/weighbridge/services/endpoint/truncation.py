"""How many tokens a prompt has as it was sent, counted apart from the answer: servers cut long prompts in silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from weighbridge.domain.proof.settings import Message, Request
from weighbridge.domain.verdict.doubts import CUT
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.server_facts import LLAMA_CPP_PYTHON, LLAMA_SERVER, VLLM, count

COUNT_S = 3.0
SLACK = 8
"""Tokens by which two counts of one prompt may differ: markers at its beginning and end."""
BY_WORDS = "lower bound: each word of the prompt is at least one token"


class Sent(NamedTuple):
    """`tokens` None: not known. `exact`: with the chat template, by the server's own tokenizer; else a lower bound."""

    tokens: int | None
    by: str
    exact: bool = False


def messages_of(request: Request) -> tuple[Message, ...]:
    """What is sent: the request's messages, else its prompt as the user's."""
    return request.messages or (Message(role="user", content=request.prompt),)


async def count_sent(client: Client, engine: str, model: str, messages: Sequence[Message]) -> Sent:
    """By the server's own tokenizer where it has one to ask, else a lower bound. Never raises for the server."""
    chat = [message.model_dump() for message in messages]
    try:
        if engine == LLAMA_SERVER:
            return await _llama_server(client, chat)
        if engine == VLLM:
            answer = await client.post("/tokenize", {"model": model, "messages": chat}, timeout_s=COUNT_S)
            if (tokens := _count(answer, "count")) is not None:
                return Sent(tokens, "/tokenize of the server", exact=True)
        if engine == LLAMA_CPP_PYTHON:
            body = {"model": model, "input": "\n".join(message.content for message in messages)}
            answer = await client.post("/extras/tokenize/count", body, timeout_s=COUNT_S)
            if (tokens := _count(answer, "count")) is not None:
                return Sent(tokens, "lower bound: /extras/tokenize/count of the server, without the chat template")
    except EndpointProblem as problem:
        bound = lower_bound(messages)
        return bound._replace(by=f"{bound.by}, as its tokenizer could not be asked: {str(problem).removesuffix('.')}")
    return lower_bound(messages)


def lower_bound(messages: Sequence[Message]) -> Sent:
    """Words between white space: a tokenizer of a language model makes at least one token of each."""
    return Sent(sum(len(message.content.split()) for message in messages), BY_WORDS)


def cut_doubt(sent: Sent, prompt_tokens: int | None) -> str:
    """The sentence where the server counted fewer tokens than the prompt has; else empty."""
    if sent.tokens is None or prompt_tokens is None or prompt_tokens >= sent.tokens - (SLACK if sent.exact else 0):
        return ""
    least = "" if sent.exact else "at least "
    return f"The server counted {prompt_tokens:,} tokens of a prompt that has {least}{sent.tokens:,} ({sent.by}): {CUT}"


async def _llama_server(client: Client, chat: list[dict[str, Any]]) -> Sent:
    templated = await client.post("/apply-template", {"messages": chat}, timeout_s=COUNT_S)
    prompt = templated.get("prompt") if isinstance(templated, dict) else None
    if not isinstance(prompt, str):
        raise EndpointProblem("nonsense", "The server's /apply-template gave no prompt.")
    body = {"content": prompt, "add_special": True, "parse_special": True}
    answer = await client.post("/tokenize", body, timeout_s=COUNT_S)
    tokens = answer.get("tokens") if isinstance(answer, dict) else None
    if not isinstance(tokens, list):
        raise EndpointProblem("nonsense", "The server's /tokenize gave no tokens.")
    return Sent(len(tokens), "/apply-template and /tokenize of the server", exact=True)


def _count(answer: Any, field: str) -> int | None:
    return count(answer.get(field)) if isinstance(answer, dict) else None
