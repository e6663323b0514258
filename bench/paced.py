"""A server with an OpenAI-compatible API that sends pieces at a known pace, and knows when it sent each.

    python bench/paced.py PIECES GAP_MS TTFT_MS

Prints its port. All streams move in step, as those of a server with continuous batching do: at each beat every stream
that is due gets one piece. `GET /stamps` gives, and forgets, for each finished answer: when its request was read whole
(`read`), and when each piece was handed to the system (`sent`), in seconds of the monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(value: Any) -> bytes:
    """One server-sent event as a chunk of the body."""
    text = value if isinstance(value, str) else json.dumps(value)
    data = f"data: {text}\n\n".encode()
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    """A chunk as llama-server and vLLM send it."""
    return {
        "id": "chatcmpl-0123456789abcdef",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": "paced",
        "choices": [{"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}],
    }


PIECE = chunk(piece(" word"))


class Stream:
    """One answer under way. `due`: when its first piece may go."""

    def __init__(self, writer: asyncio.StreamWriter, read: float, due: float) -> None:
        self.writer, self.read, self.due = writer, read, due
        self.sent: list[float] = []
        self.over = asyncio.Event()


class Paced:
    """Beats, and sends."""

    def __init__(self, pieces: int, gap_s: float, ttft_s: float) -> None:
        self._pieces, self._gap_s, self._ttft_s = pieces, gap_s, ttft_s
        self._streams: set[Stream] = set()
        self._stamps: list[dict[str, Any]] = []
        usage = {"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": pieces}}
        self._end = chunk(piece("", "stop")) + chunk(usage) + chunk("[DONE]") + b"0\r\n\r\n"

    async def beat(self) -> None:
        """Every stream that is due gets a piece, then all wait for the next beat."""
        at = time.monotonic()
        while True:
            at = max(at + self._gap_s, time.monotonic())
            await asyncio.sleep(at - time.monotonic())
            now = time.monotonic()
            for stream in [one for one in self._streams if one.due <= now]:
                stream.sent.append(time.monotonic())
                last = len(stream.sent) == self._pieces
                stream.writer.write(PIECE + self._end if last else PIECE)
                if last:
                    self._streams.discard(stream)
                    self._stamps.append({"read": stream.read, "sent": stream.sent})
                    stream.over.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                await self._request(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _request(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, path, _ = head.split("\r\n", 1)[0].split(" ")
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        await reader.readexactly(int(fields.get("content-length", "0")))
        if method == "POST" and path == "/v1/chat/completions":
            read = time.monotonic()
            stream = Stream(writer, read, read + self._ttft_s)
            writer.write(HEAD)
            self._streams.add(stream)
            await stream.over.wait()
        elif path == "/v1/models":
            _answer(writer, "200 OK", {"object": "list", "data": [{"id": "paced", "object": "model"}]})
        elif path == "/stamps":
            _answer(writer, "200 OK", self._stamps)
            self._stamps = []
        else:
            _answer(writer, "404 Not Found", {"error": {"message": "Not Found"}})


def _answer(writer: asyncio.StreamWriter, status: str, value: Any) -> None:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


async def main(pieces: int, gap_s: float, ttft_s: float) -> None:
    paced = Paced(pieces, gap_s, ttft_s)
    server = await asyncio.start_server(paced.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await paced.beat()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]) / 1000, float(sys.argv[3]) / 1000))
