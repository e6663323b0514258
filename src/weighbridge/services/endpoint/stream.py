"""Reads an answer as it arrives: server-sent events, or lines of JSON. What it holds of it is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Any, NamedTuple

import httpx2

from weighbridge.services.endpoint.arrival import read_t
from weighbridge.services.endpoint.client import ERROR_S, MOST_ERROR_BYTES, Client
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.replies import error_text, way_problem

MOST_LINE_BYTES = 1024 * 1024
"""Of one event or line. Tokens are a few bytes; a piece with log probabilities or timings some kilobytes."""
READ_OUT_S = 0.02
DONE = "[DONE]"
END: dict[str, Any] = {}
"""The data in place of [DONE]; to be known by `is`."""


class Chunk(NamedTuple):
    """One JSON object of a stream. `t`: when the bytes that made it whole were read from the socket, by the clock."""

    data: dict[str, Any]
    t: float


async def chunks(client: Client, response: httpx2.Response) -> AsyncGenerator[Chunk, None]:
    """Every chunk of a stream of server-sent events; `END` where it says [DONE], behind which nothing is read.

    EndpointProblem: not such a stream, an error in it, an event that is too large, a connection that was cut.
    """
    await _require(client, response, "text/event-stream")
    try:
        events = aiter(httpx2.EventSource(response, max_event_size=MOST_LINE_BYTES))
        async for event in events:
            if event.data.strip() == DONE:
                t = read_t(response)
                await _read_out(events)
                yield Chunk(END, t)
                return
            if event.data:
                yield Chunk(_data(client, event.data), read_t(response))
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise way_problem(error, client.base_url) from None


async def lines(client: Client, response: httpx2.Response) -> AsyncGenerator[Chunk, None]:
    """Every line of a stream of JSON objects. EndpointProblem as above."""
    await _require(client, response, "application/x-ndjson", "application/json")
    held = bytearray()
    try:
        async for piece in response.aiter_raw():
            held += piece
            *whole, rest = held.split(b"\n")
            for line in whole:
                if line.strip():
                    yield Chunk(_data(client, bytes(line)), read_t(response))
            held = rest
            if len(held) > MOST_LINE_BYTES:
                raise EndpointProblem("too_large", f"{client.host} sent one line of more than a mebibyte.")
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise way_problem(error, client.base_url) from None
    if held.strip():
        yield Chunk(_data(client, bytes(held)), read_t(response))


async def _read_out(events: AsyncIterator[object]) -> None:
    """The end of the body behind [DONE], so that the server sees nobody break off; the answer is whole without it."""
    with suppress(TimeoutError, httpx2.HTTPError, httpx2.StreamError):
        async with asyncio.timeout(READ_OUT_S):
            async for _ in events:
                pass


def _data(client: Client, data: str | bytes) -> dict[str, Any]:
    """One chunk without the key. EndpointProblem where it is none, or tells of an error."""
    found = client.parsed(data)
    if not isinstance(found, dict):
        raise EndpointProblem("nonsense", f"{client.host} sent a piece of its answer that is no JSON object.")
    if found.get("error"):
        told = error_text(found, client.veil) or "without a word why"
        raise EndpointProblem("server_error", f"{client.host} broke its answer off: {told}.", "See the server's log.")
    return found


async def _require(client: Client, response: httpx2.Response, *kinds: str) -> None:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in kinds:
        return
    what = {"text/html": "a web page", "application/json": "one JSON text"}.get(
        kind, client.veil.line(kind, 60) or "nothing"
    )
    if kind == "application/json" and (said := await _said(client, response)):
        raise EndpointProblem("server_error", f"{client.host} failed: {said}.", "See the server's own log.")
    told = f"{client.host} sent {what} where a stream of pieces was asked for"
    raise EndpointProblem("nonsense", f"{told}.", "Is the address that of the API, and no proxy before it?")


async def _said(client: Client, response: httpx2.Response) -> str:
    """The error that a body tells which is no stream; empty where it tells none, or is too long for one."""
    body = bytearray()
    with suppress(TimeoutError, httpx2.HTTPError, httpx2.StreamError, EndpointProblem):
        async with asyncio.timeout(ERROR_S):
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > MOST_ERROR_BYTES:
                    return ""
        found = client.parsed(bytes(body))
        return error_text(found, client.veil) if isinstance(found, dict) and "error" in found else ""
    return ""
