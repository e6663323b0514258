"""Real servers with the bundled model, each in a process of its own, for the tests of what runs over HTTP.

from real_servers import llama_server as llama_server      # in a conftest: the fixture, one server a session
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from weighbridge.services import bundled

NAME = "smollm2"
_LLAMA_SERVER = """
import sys
from xllamacpp import CommonParams, Server
p = CommonParams()
p.model.path, p.model_alias, p.n_ctx, p.n_parallel = sys.argv[1], {sys.argv[2]}, int(sys.argv[3]), int(sys.argv[4])
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
p.hostnames, p.port, p.endpoint_metrics = ["127.0.0.1"], 0, True
if sys.argv[5]:
    p.api_keys = [sys.argv[5]]
server = Server(p)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


class RealServer(NamedTuple):
    """`base_url`: of the API, http://127.0.0.1:PORT/v1. `name`: the model's. `pid`: of the process that listens."""

    base_url: str
    name: str
    pid: int

    @property
    def spec(self) -> str:
        """What a person types for MODEL."""
        return f"{self.base_url}#{self.name}"


@contextmanager
def llama_server_running(n_ctx: int = 2048, slots: int = 2, key: str = "") -> Iterator[RealServer]:
    """Upstream llama-server with SmolLM2-135M on one thread. `n_ctx` tokens are shared by its `slots`."""
    command = [sys.executable, "-c", _LLAMA_SERVER, str(bundled.find().path), NAME, str(n_ctx), str(slots), key]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            address = process.stdout.readline().decode().strip()
            assert address.startswith("http"), "llama-server did not start"
            yield RealServer(f"{address}/v1", NAME, process.pid)
        finally:
            process.stdin.close()
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture(scope="session")
def llama_server() -> Iterator[RealServer]:
    """One for all tests of a worker. Its context of 4,096 tokens is shared by four slots."""
    with llama_server_running(n_ctx=4096, slots=4) as server:
        yield server
