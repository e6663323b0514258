"""What a job serves: a light OpenAI-compatible server in a thread, or llama-server in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from real_servers import _LLAMA_SERVER

from weighbridge.services import bundled


class Server(Protocol):
    """Something that answers at `address` until it is closed."""

    address: str

    def close(self) -> None: ...


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Nothing goes to stderr."""

    def do_GET(self) -> None:
        light: LightServer = self.server.light  # type: ignore[attr-defined]
        light.seen.append((self.path, self.headers.get("Authorization", "")))
        if self.headers.get("Authorization") != f"Bearer {light.token}":
            return self._send(401, "application/json", b'{"error": "a token with read access is needed"}')
        if not light.ready:
            return self._send(503, "application/json", b'{"error": {"message": "Loading model"}}')
        if self.command == "POST":
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return self._send(200, "text/event-stream", _answer(light.model))
        if self.path == "/v1/models":
            entry = {"id": light.model, "object": "model", "owned_by": "vllm", "max_model_len": 4096}
            return self._send(200, "application/json", json.dumps({"object": "list", "data": [entry]}).encode())
        if self.path == "/version":
            return self._send(200, "application/json", b'{"version": "0.0.0"}')
        return self._send(200 if self.path == "/health" else 404, "text/plain", b"")

    do_POST = do_GET

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _answer(model: str) -> bytes:
    """The stream of one short answer, with usage in a chunk of its own."""
    head = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    words = ("Paris", " is", " it", ".")
    chunks: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]} for word in words
    ]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    usage = {"prompt_tokens": 30, "completion_tokens": len(words), "total_tokens": 30 + len(words)}
    chunks.append({"choices": [], "usage": usage})
    lines = [f"data: {json.dumps({**head, **chunk})}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


class _Quiet(ThreadingHTTPServer):
    """Keeps a client's hang-up to itself."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class LightServer:
    """Answers every prompt with four words, and nobody without the token, as the Jobs proxy does."""

    def __init__(self, model: str, token: str) -> None:
        self.model, self.token, self.ready = model, token, True
        self.seen: list[tuple[str, str]] = []
        """Path and Authorization of each request."""
        self._server = _Quiet(("127.0.0.1", 0), _Handler)
        self._server.light = self  # type: ignore[attr-defined]
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()


class LlamaServer:
    """Upstream llama-server with the bundled model, in a process of its own, that answers to the name of `model`."""

    def __init__(self, model: str, token: str) -> None:
        command = [sys.executable, "-c", _LLAMA_SERVER, str(bundled.find().path), model, "2048", "1", token]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().decode().strip()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
