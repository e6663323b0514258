"""A piece has the time at which its bytes came, whoever was busy then."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpcore2
import pytest
import trustme
from bad_server import BadServer, event, piece, reply
from by_hand import HandClock, HandServer
from endpoint_rig import NAME, QUESTION, launch

from weighbridge.domain.proof.events import Completed, Event, RequestStarted, Token
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.serving.target import Target
from weighbridge.services.endpoint import arrival, keys
from weighbridge.services.endpoint.arrival import StampingBackend, Turns
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.ollama.runtime import OllamaRuntime
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime

OPENAI_END = event(piece("", "stop")) + event("[DONE]")
OLLAMA_END = json.dumps({"model": NAME, "done": True, "done_reason": "stop"}).encode() + b"\n"


def line(text: str) -> bytes:
    """One piece as Ollama sends it."""
    return (
        json.dumps({"model": NAME, "message": {"role": "assistant", "content": text}, "done": False}).encode() + b"\n"
    )


def text(text: str) -> bytes:
    """One piece as the others do."""
    return event(piece(text))


def asked(server: HandServer, clock: HandClock, api: str, told: list[Event]) -> AsyncGenerator[Event, None]:
    if api == "openai":
        return OpenAIRuntime(launch(f"{server.root}/v1"), clock).answer(QUESTION, told.append)
    target = Target(api="ollama", base_url=server.root, model=NAME)
    settings = RuntimeSettings(max_tokens=32)
    made = Launch(model_path="", model_sha256="", settings=settings, log_path="", target=target)
    return OllamaRuntime(made, clock).answer(QUESTION, told.append)


APIS = [
    pytest.param("openai", "text/event-stream", text, OPENAI_END, id="openai"),
    pytest.param("ollama", "application/x-ndjson", line, OLLAMA_END, id="ollama"),
]


@pytest.mark.parametrize(("api", "kind", "made", "end"), APIS)
async def test_pieces_that_nobody_looked_at_yet_are_no_later_than_their_bytes(
    api: str, kind: str, made: Any, end: bytes
) -> None:
    clock, told = HandClock(), list[Event]()
    async with HandServer(kind) as server, aclosing(asked(server, clock, api, told)) as events:
        first = asyncio.ensure_future(anext(events))
        answer = await server.asked()
        answer.send(made("Pa"))
        await first
        for at, sent in ((1.0, made("ri")), (2.0, made("s")), (3.0, end)):
            answer.send(sent)
            await clock.until_asked_at(at)
        answer.end()
        clock.now = 9.0
        rest = [await first, *[one async for one in events]]
    assert [(one.text, one.t) for one in rest if isinstance(one, Token)] == [("Pa", 0.0), ("ri", 1.0), ("s", 2.0)]
    assert [one.t for one in rest if isinstance(one, Completed)] == [9.0]


async def test_a_piece_in_two_halves_came_with_the_second_and_pieces_of_one_read_share_their_time() -> None:
    clock, told = HandClock(), list[Event]()
    async with HandServer() as server, aclosing(asked(server, clock, "openai", told)) as events:
        first = asyncio.ensure_future(anext(events))
        answer = await server.asked()
        half = text("Paris")
        for at, sent in ((1.0, half[:20]), (2.0, half[20:] + text(" is") + text(" big"))):
            answer.send(sent)
            await clock.until_asked_at(at)
        answer.send(OPENAI_END)
        answer.end()
        clock.now = 9.0
        rest = [await first, *[one async for one in events]]
    assert [(one.text, one.t) for one in rest if isinstance(one, Token)] == [
        ("Paris", 2.0),
        (" is", 2.0),
        (" big", 2.0),
    ]


async def test_encrypted_pieces_have_their_time_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    clock, told = HandClock(), list[Event]()
    async with (
        HandServer(encrypted=context) as server,
        aclosing(asked(server, clock, "openai", told)) as events,
    ):
        first = asyncio.ensure_future(anext(events))
        answer = await server.asked()
        for at, sent in ((1.0, text("Pa")), (2.0, text("ris")), (3.0, OPENAI_END)):
            answer.send(sent)
            await clock.until_asked_at(at)
        answer.end()
        clock.now = 9.0
        rest = [await first, *[one async for one in events]]
    assert [(one.text, one.t) for one in rest if isinstance(one, Token)] == [("Pa", 1.0), ("ris", 2.0)]


async def test_what_the_veil_held_back_has_the_time_of_its_piece() -> None:
    clock, told = HandClock(), list[Event]()
    async with HandServer() as server, aclosing(asked(server, clock, "openai", told)) as events:
        keys.give(f"{server.root}/v1", "sk-secret")
        first = asyncio.ensure_future(anext(events))
        answer = await server.asked()
        answer.send(text("Paris s"))
        await clock.until_asked_at(1.0)
        answer.send(OPENAI_END)
        answer.end()
        clock.now = 9.0
        tokens = [one for one in [await first, *[one async for one in events]] if isinstance(one, Token)]
    assert [(one.text, one.t) for one in tokens] == [("Paris ", 1.0), ("s", 1.0)]


async def test_nothing_comes_before_its_request() -> None:
    clock, told = HandClock(), list[Event]()
    clock.now = 5.0
    async with HandServer() as server, aclosing(asked(server, clock, "openai", told)) as events:
        first = asyncio.ensure_future(anext(events))
        answer = await server.asked()
        clock.now = 4.0
        answer.send(text("Paris"), OPENAI_END)
        answer.end()
        token = await first
    (started,) = told
    assert isinstance(started, RequestStarted) and token.t == started.t == 5.0


async def test_readers_are_woken_one_at_each_turn_of_the_event_loop() -> None:
    loop, turns, now, woken = asyncio.get_running_loop(), Turns(), 0, list[int]()

    def turn() -> None:
        nonlocal now
        now += 1
        if len(woken) < 5:
            loop.call_soon(turn)

    async def reader() -> None:
        waits: asyncio.Future[None] = loop.create_future()
        turns.give(waits)
        await waits
        woken.append(now)

    loop.call_soon(turn)
    async with asyncio.timeout(30):
        await asyncio.gather(*(reader() for _ in range(5)))
    assert len(set(woken)) == 5, "what arrives meanwhile would wait for all of them"


async def test_a_reader_that_gave_up_holds_nobody_up() -> None:
    loop, turns = asyncio.get_running_loop(), Turns()
    gone, other = loop.create_future(), loop.create_future()
    turns.give(gone)
    turns.give(other)
    gone.cancel()
    async with asyncio.timeout(30):
        await other


@pytest.mark.parametrize("most", [0, arrival.MOST_HELD_BYTES])
async def test_a_long_text_comes_whole(most: int, bad: BadServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "MOST_HELD_BYTES", most)
    long = "".join(f"{n} " for n in range(400_000))
    bad.on("/v1/long", reply({"text": long}))
    async with Client(bad.base_url) as client, asyncio.timeout(60):
        assert await client.get("long") == {"text": long}


@pytest.mark.parametrize("words", [b"HTTP/1.1 200 OK\r\n\r\n", b""])
async def test_who_speaks_or_leaves_before_the_encryption_is_not_believed(words: bytes) -> None:
    async def hasty(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hasty, "127.0.0.1", 0)
    async with server, asyncio.timeout(30):
        made = await StampingBackend(time.monotonic).connect_tcp("127.0.0.1", server.sockets[0].getsockname()[1])
        while not made.get_extra_info("is_readable"):
            await asyncio.sleep(0)
        with pytest.raises(httpcore2.ConnectError):
            await made.start_tls(ssl.create_default_context(), "127.0.0.1", timeout=20)
        await made.aclose()
