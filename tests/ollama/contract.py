"""A CONTRACT SERVER, not Ollama: written from the documentation of Ollama's API, so that the client has a peer.

Sources: docs/api.md and docs/context-length of Ollama (the endpoints, the fields, nanoseconds, `keep_alive: 0`), its
api/errors page (an error in the middle of a stream is a line with `error` alone, status 200), api/types.go
(`truncate`, `shift`) and its tracker (#2068: a cached prompt may go uncounted; #17427: half of num_ctx is kept;
#17943: `prompt_eval_cached_count`, counted in `prompt_eval_count` too). A token is a word here, and a message has
`OVERHEAD` more for the template.

    with ContractServer() as ollama:
        ollama.fault = "cut"
        ...                                   # OLLAMA_HOST is ollama.address
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

OVERHEAD = 4
"""Tokens of the template around one message."""
NAME, DIGEST = "smollm2:135m", "9077fe9d2ae1a4a41a868836b56b8163731a8fe16621397028c2c76f838c6907"
TRAINED, PARAMETERS = 8192, 134_515_008
SIZE, LOADED, IN_VRAM = 270_898_672, 540_000_000, 140_000_000
MS = 1_000_000
"""Nanoseconds in a millisecond."""
Fault = Literal["", "cut", "error_line", "html", "stall", "unload_ignored", "no_counts", "old", "no_template", "busy"]
"""`old`: knows neither `truncate` nor `shift`, and keeps half of the context of a long prompt without a word. `busy`:
too many requests are queued (503). `stall`: sends a word, and no more until the server is closed."""


@dataclass
class State:
    """What a test sets and looks at."""

    fault: Fault = ""
    answer: Callable[[str], str] = field(default=lambda prompt: "one two three")
    remote_host: str = ""
    """Of a cloud model: this service only hands requests on."""
    cached: int | None = 0
    loaded: dict[str, int] = field(default_factory=dict)
    """Context in tokens, by the name of the model."""
    chats: list[dict[str, Any]] = field(default_factory=list)
    """Bodies of POST /api/chat, in order."""
    closing: threading.Event = field(default_factory=threading.Event)


class ContractServer(State):
    """Listens on a free port of loopback until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing listens afterwards. Safe to call twice."""
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def _handler(state: State) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        server_state = state

    return Handler


def _details() -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "134.52M",
        "quantization_level": "F16",
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: State

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""

    def do_GET(self) -> None:
        state = self.server_state
        if state.fault == "html":
            self._send(200, b"<html><body>Welcome</body></html>", "text/html")
        elif self.path == "/api/version":
            self._json(200, {"version": "0.33.2"})
        elif self.path == "/api/tags":
            remote = {"remote_host": state.remote_host, "remote_model": "big"} if state.remote_host else {}
            listed = {"name": NAME, "model": NAME, "modified_at": "2026-10-03T23:34:03.4-07:00", "size": SIZE}
            self._json(200, {"models": [listed | {"digest": DIGEST, "details": _details()} | remote]})
        elif self.path == "/api/ps":
            self._json(200, {"models": [self._held(name, n_ctx) for name, n_ctx in state.loaded.items()]})
        else:
            self._send(404, b"404 page not found", "text/plain")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        if self.path == "/api/show":
            self._json(200, self._shown()) if body["model"] == NAME else self._unknown(body["model"])
        elif self.path == "/api/chat":
            self.server_state.chats.append(body)
            self._chat(body) if body["model"] == NAME else self._unknown(body["model"])
        else:
            self._send(404, b"404 page not found", "text/plain")

    def _unknown(self, name: str) -> None:
        self._json(404, {"error": f"model '{name}' not found"})

    def _held(self, name: str, n_ctx: int) -> dict[str, Any]:
        sizes = {"size": LOADED, "size_vram": IN_VRAM, "context_length": n_ctx}
        return {
            "name": name,
            "model": name,
            "digest": DIGEST,
            "details": _details(),
            "expires_at": "2026-11-22",
        } | sizes

    def _shown(self) -> dict[str, Any]:
        return {
            "license": "Apache License\nVersion 2.0, January 2004\n",
            "parameters": 'stop    "<|im_end|>"',
            "template": "" if self.server_state.fault == "no_template" else "{{ .Prompt }}",
            "details": _details(),
            "capabilities": ["completion"],
            "model_info": {
                "general.architecture": "llama",
                "general.parameter_count": PARAMETERS,
                "general.license": "apache-2.0",
                "general.languages": ["en"],
                "llama.context_length": TRAINED,
            },
        }

    def _chat(self, body: dict[str, Any]) -> None:
        state = self.server_state
        if state.fault == "busy":
            self._json(503, {"error": "server busy, please try again.  maximum pending requests exceeded"})
            return
        if not body["messages"]:
            self._load_or_unload(body)
            return
        n_ctx = self._loaded(body)
        count = sum(len(message["content"].split()) + OVERHEAD for message in body["messages"])
        if count >= n_ctx and state.fault != "old" and body.get("shift") is False:
            self._json(400, {"error": "the prompt is longer than the context length currently available to the model"})
            return
        answer = state.answer(body["messages"][-1]["content"])
        self._stream(body, answer.split(" "), count if count < n_ctx else n_ctx // 2 + 2)

    def _loaded(self, body: dict[str, Any]) -> int:
        """The context that the model has: what was asked for, and no more than it was trained with."""
        n_ctx = min(int(body.get("options", {}).get("num_ctx", 4096)), TRAINED)
        self.server_state.loaded[NAME] = n_ctx
        return n_ctx

    def _load_or_unload(self, body: dict[str, Any]) -> None:
        unload = body.get("keep_alive") == 0
        if not unload:
            self._loaded(body)
        elif self.server_state.fault != "unload_ignored":
            self.server_state.loaded.pop(NAME, None)
        message = {"role": "assistant", "content": ""}
        self._json(
            200, {"model": NAME, "message": message, "done": True, "done_reason": "unload" if unload else "load"}
        )

    def _stream(self, body: dict[str, Any], words: list[str], prompt_tokens: int) -> None:
        state, most = self.server_state, int(body["options"]["num_predict"])
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, word in enumerate(words[:most]):
            piece = word if number == 0 else f" {word}"
            self._line({"model": NAME, "message": {"role": "assistant", "content": piece}, "done": False})
            if state.fault == "stall":
                state.closing.wait(60)
            if state.fault in ("cut", "stall", "error_line"):
                if state.fault == "error_line":
                    self._line({"error": "an error was encountered while running the model"})
                self.close_connection = True
                return
        last: dict[str, Any] = {"model": NAME, "message": {"role": "assistant", "content": ""}, "done": True}
        last |= {"done_reason": "stop" if len(words) <= most else "length", "total_duration": 90 * MS}
        last |= {"load_duration": 5 * MS, "prompt_eval_duration": 20 * MS, "eval_duration": 60 * MS}
        if state.fault != "no_counts":
            last |= {"prompt_eval_count": prompt_tokens, "eval_count": min(len(words), most)}
        if state.cached is not None:
            last["prompt_eval_cached_count"] = state.cached
        self._line(last)
        self.wfile.write(b"0\r\n\r\n")

    def _line(self, found: dict[str, Any]) -> None:
        data = json.dumps(found).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _json(self, status: int, found: dict[str, Any]) -> None:
        self._send(status, json.dumps(found).encode(), "application/json; charset=utf-8")

    def _send(self, status: int, data: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
