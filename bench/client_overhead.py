"""TTFT and the time between pieces, seen by our client and by a bare socket. Goal: within 1 ms at the 95th percentile.

    PYTHONPATH=src:tests python bench/client_overhead.py [--rounds 10] [--pieces 200] [--every 0.01]

A server in a process of its own sends pieces of a chat completion at a steady pace, each with the moment at which it
was sent; the system's monotonic clock is one for all processes. `lag` is the time from that moment to the one that a
reader gives the piece: ours is `Token.t` of the whole runtime, the bare one is taken as soon as recv() has returned.
`ttft` is the time from before the request to the first piece. Both readers ask over a connection that is open, in
turns, and who goes first changes every round. Compared are the 95th percentiles of all that a reader saw. Where the
machine does other work too, `chrt -f 1` before the command (Linux, as root) keeps that out of the figures of both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from typing import NamedTuple

from weighbridge.domain.proof.events import Failed, RequestStarted, Token
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.serving.target import Target
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime

GOAL_S = 0.001
NAME = "paced"
SERVER = """
import json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
pieces, every = int(sys.argv[1]), float(sys.argv[2])
class Handler(BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    def log_message(self, *_): pass
    def do_GET(self):
        body = json.dumps({"data": [{"id": "paced"}]}).encode() if self.path == "/v1/models" else b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        began = time.monotonic()
        for n in range(pieces):
            time.sleep(max(0.0, began + (n + 1) * every - time.monotonic()))
            self.event({"content": f"{time.monotonic():.7f} "}, None)
        self.event({}, "stop")
        self.send(b"data: [DONE]\\n\\n")
        self.wfile.write(b"0\\r\\n\\r\\n")
    def event(self, delta, finish):
        chunk = {"id": "chatcmpl-0123456789", "object": "chat.completion.chunk", "created": 1, "model": "paced",
                 "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        self.send(b"data: " + json.dumps(chunk).encode() + b"\\n\\n")
    def send(self, body):
        self.wfile.write(f"{len(body):x}\\r\\n".encode() + body + b"\\r\\n")
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


class Seen(NamedTuple):
    """Seconds: of one answer."""

    ttft: float
    lags: list[float]


@contextmanager
def paced_server(pieces: int, every: float) -> Iterator[int]:
    """The port of the server."""
    command = [sys.executable, "-c", SERVER, str(pieces), str(every)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


class Bare:
    """A socket and a split, and nothing else."""

    def __init__(self, port: int, most: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = json.dumps({"model": NAME, "messages": [{"role": "user", "content": "Go"}], "max_tokens": most}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self._request = head.encode() + body

    def ask(self) -> Seen:
        began, arrived, held = time.monotonic(), [], b""
        self._socket.sendall(self._request)
        while not held.endswith(b"0\r\n\r\n"):
            read = self._socket.recv(65536)
            at = time.monotonic()
            *events, held = (held + read).split(b"\n\n")
            arrived += [(at, event) for event in events if b'"content"' in event]
            held = held[-64:] if b'"content"' not in held else held
        return Seen(arrived[0][0] - began, [at - _sent(event) for at, event in arrived])

    def close(self) -> None:
        self._socket.close()


def _sent(event: bytes) -> float:
    return float(json.loads(event.partition(b"data: ")[2])["choices"][0]["delta"]["content"])


async def ours(runtime: OpenAIRuntime) -> Seen:
    """One answer as the runtime tells it; its clock is the monotonic one."""
    began, tokens = 0.0, list[Token]()
    async for event in runtime.generate(Request(id="r", prompt="Go")):
        if isinstance(event, RequestStarted):
            began = event.t
        elif isinstance(event, Token):
            tokens.append(event)
        elif isinstance(event, Failed):
            raise SystemExit(event.message)
    return Seen(tokens[0].t - began, [token.t - float(token.text) for token in tokens])


async def compare(port: int, rounds: int, pieces: int) -> dict[str, list[Seen]]:
    """Every answer of both readers, in turns; the first of each is not counted."""
    target = Target(api="openai", base_url=f"http://127.0.0.1:{port}/v1", model=NAME)
    settings = RuntimeSettings(max_tokens=2 * pieces)
    launch = Launch(model_path="", model_sha256="", settings=settings, log_path="", target=target)
    runtime = OpenAIRuntime(launch, time.monotonic, ())
    assert [event async for event in runtime.start()]
    bare = Bare(port, 2 * pieces)
    seen: dict[str, list[Seen]] = {"ours": [], "bare": []}
    for n in range(rounds + 1):
        for who in ("ours", "bare") if n % 2 else ("bare", "ours"):
            one = await ours(runtime) if who == "ours" else bare.ask()
            if n:
                seen[who].append(one)
    bare.close()
    await runtime.stop()
    return seen


def p95(values: list[float]) -> float:
    return quantiles(values, n=20)[18]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--pieces", type=int, default=200)
    parser.add_argument("--every", type=float, default=0.01, metavar="S", help="seconds between two pieces")
    args = parser.parse_args()
    with paced_server(args.pieces, args.every) as port:
        seen = asyncio.run(compare(port, args.rounds, args.pieces))
    held = True
    for what in ("lag", "ttft", "gap"):
        values = {who: _values(what, answers) for who, answers in seen.items()}
        tails = {who: p95(found) for who, found in values.items()}
        more = tails["ours"] - tails["bare"]
        held = held and more <= GOAL_S
        for who, found in values.items():
            print(f"{what:4} {who:4}  median {median(found) * 1e3:8.3f} ms  p95 {tails[who] * 1e3:8.3f} ms  "
                  f"{min(found) * 1e3:.3f} to {max(found) * 1e3:.3f} ms  n {len(found)}")  # fmt: skip
        print(f"{what:4} ours - bare at p95: {more * 1e3:+.3f} ms, goal at most {GOAL_S * 1e3:g} ms")
    print("goal held" if held else "goal MISSED")
    return 0 if held else 1


def _values(what: str, answers: list[Seen]) -> list[float]:
    """`gap`: by how much the time between two pieces differs from that between their sending."""
    if what == "ttft":
        return [answer.ttft for answer in answers]
    if what == "lag":
        return [lag for answer in answers for lag in answer.lags]
    return [abs(b - a) for answer in answers for a, b in zip(answer.lags, answer.lags[1:], strict=False)]


if __name__ == "__main__":
    sys.exit(main())
