"""A server with an OpenAI-compatible API that does what a test says: to the letter, or as no server should.

    with BadServer() as server:
        server.on("/v1/models", models("tiny"))
        server.on("/v1/chat/completions", Reply(429, headers={"Retry-After": "1"}), stream("Par", "is"))

Replies of a path are given in turn, and the last one again and again. A path without replies is 404.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

CUT = "cut"
"""In a body: the connection ends here, in the middle of the answer."""
STALL = "stall"
"""In a body: nothing more comes, and the connection stays open until the server is closed."""
Part = bytes | str | float
"""Bytes to send, CUT, STALL, or seconds to wait."""


@dataclass(frozen=True)
class Reply:
    """One answer. `body`: each part is a chunk of its own."""

    status: int = 200
    body: tuple[Part, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"


class Seen(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """JSON."""
    return Reply(status, (json.dumps(value).encode(),), {k.replace("_", "-"): v for k, v in headers.items()})


def error(status: int, message: str, **headers: str) -> Reply:
    """An error as OpenAI's API tells it."""
    return reply({"error": {"message": message, "type": "test", "code": status}}, status, **headers)


def models(*names: str, **fields: Any) -> Reply:
    """A model list; `fields` are those of every entry."""
    return reply({"object": "list", "data": [{"id": name, "object": "model", **fields} for name in names]})


def event(value: Any) -> bytes:
    """One server-sent event."""
    return f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode()


def piece(text: str, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """A chunk with text; `fields` are those of the chunk."""
    delta = {"content": text} if text else {}
    return {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **fields,
    }


def usage(prompt: Any, completion: Any, cached: Any = None) -> dict[str, Any]:
    told: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    return told | ({} if cached is None else {"prompt_tokens_details": {"cached_tokens": cached}})


def events(*parts: Any) -> Reply:
    """A stream of server-sent events; bytes, CUT, STALL and seconds stand as they are."""
    body = tuple(p if isinstance(p, (bytes, float)) or p in (CUT, STALL) else event(p) for p in parts)
    return Reply(200, body, kind="text/event-stream")


def stream(*texts: str, finish: str = "stop", last: Iterable[Any] = ()) -> Reply:
    """A sound answer: the role, each text, the end, what `last` adds, [DONE]."""
    role = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]}
    return events(role, *(piece(text) for text in texts), piece("", finish), *last, "[DONE]")


class BadServer:
    """`seen`: every request, in the order of their coming. `sent_bytes`: of bodies, as far as they were taken."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.sent_bytes = 0
        self._replies: dict[str, list[Reply]] = {}
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    def on(self, path: str, *replies: Reply) -> Self:
        self._replies[path] = list(replies)
        return self

    def asked(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.path == path]

    async def until_asked(self, times: int) -> None:
        """Waits until so many requests have come. TimeoutError after a minute."""
        async with asyncio.timeout(60):
            while len(self.seen) < times:
                await asyncio.sleep(0.005)

    def next_reply(self, path: str) -> Reply:
        replies = self._replies.get(path)
        if not replies:
            return error(404, "Not Found")
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def wait(self, seconds: float) -> None:
        """Sleeps, unless the server is being closed."""
        self._closing.wait(seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def _handler(server: BadServer) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Handler,), {"server_of_test": server})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # of http.server: else a piece waits 40 ms for the receipt of the one before
    server_of_test: BadServer

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self._answer(json.loads(body) if body else None)

    def _answer(self, body: Any) -> None:
        server = self.server_of_test
        server.seen.append(Seen(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        made = server.next_reply(self.path)
        try:
            self._send(made)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, made: Reply) -> None:
        self.send_response(made.status)
        for name, value in {"Content-Type": made.kind, "Transfer-Encoding": "chunked", **made.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        for part in made.body:
            if part in (CUT, STALL):
                self.server_of_test.wait(60 if part == STALL else 0)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if isinstance(part, float):
                self.server_of_test.wait(part)
            elif isinstance(part, bytes) and part:
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
                self.server_of_test.sent_bytes += len(part)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Quiet."""
