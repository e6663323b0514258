"""The server: starts and stops, holds repositories, tokens, faults and the log."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from typing import Any, Literal, Self

from fakehub.fake_faults import NO_FAULT, Fault
from fakehub.fake_handler import Handler
from fakehub.fake_log import Call, Log
from fakehub.fake_repo import FakeRepo, Files

_JOIN_S = 10.0


class _Server(ThreadingHTTPServer):
    """Closes what is open when it stops, and keeps a client's hang-up to itself."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, hub: FakeHub) -> None:
        self.hub = hub
        self.live: set[socket.socket] = set()
        self.workers: list[threading.Thread] = []
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.live.add(request)
        worker = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self.workers.append(worker)
        worker.start()

    def shutdown_request(self, request: Any) -> None:
        self.live.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class FakeHub:
    """A Hub on loopback. A context manager, or `start()` and `stop()`. Everything may be changed while it runs."""

    def __init__(self, port: int = 0) -> None:
        self.repos: dict[str, FakeRepo] = {}
        self.tokens: dict[str, set[str]] = {}
        """Repositories that each token opens, beside the public ones. Other tokens are invalid."""
        self.page_size = 1000
        """Most rows of a page of the search."""
        self.sizes_in_info = True
        """False: model info never has sizes or digests."""
        self.revision_in_info: Literal["allowed", "refused", "required"] = "allowed"
        """What a Hub-like server may say of `/api/models/NAME/revision/REVISION` and of model info without it."""
        self.cdn = False
        """True: large files come by a redirect to another host name, where no token belongs."""
        self.log = Log()
        self.stopped = threading.Event()
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def add(self, name: str, files: Files, **more: Any) -> FakeRepo:
        """A repository with one commit on main. `more`: fields of FakeRepo."""
        repo = self.repos[name] = FakeRepo(name, **more)
        repo.commit(files)
        return repo

    def fault(self, where: str = "", **what: Any) -> Fault:
        """Misbehaves from here on. `where`: regular expression on `METHOD path?query`; `what`: fields of Fault.

        The fault that was added first and takes the request, alone spoils it.
        """
        fault = Fault(where, **what)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear_faults(self) -> None:
        """Behaves again; what stalls goes on."""
        with self._lock:
            faults, self._faults = self._faults, []
        for fault in faults:
            fault.release.set()

    def fault_for(self, call: Call) -> Fault:
        with self._lock:
            return next((fault for fault in self._faults if fault.takes(call.line)), NO_FAULT)

    def calls(self, where: str = "") -> list[Call]:
        return self.log.calls(where)

    def bytes_sent(self, where: str = "") -> int:
        return self.log.bytes_sent(where)

    @property
    def port(self) -> int:
        """Its port, which it keeps when it is started again."""
        return self._port

    @property
    def endpoint(self) -> str:
        """What HF_ENDPOINT must be."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def cdn_host(self) -> str:
        """The other name of the same server."""
        return f"localhost:{self._port}"

    def environment(self, home: object) -> Mapping[str, str]:
        """What a child process needs to use this Hub, with the client's own files below `home`."""
        return {"HF_ENDPOINT": self.endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}

    def start(self) -> Self:
        self.stopped.clear()
        self._server = _Server(self._port, self)
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Closes every connection. Repositories, log and port stay, so that it can be started again."""
        if self._server is None or self._thread is None:
            return
        self.stopped.set()
        self._server.shutdown()
        self._thread.join(_JOIN_S)
        self.clear_faults()
        for connection in list(self._server.live):
            _hang_up(connection)
        for worker in self._server.workers:
            worker.join(_JOIN_S)
        self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
