"""llama-cpp-python's own server: no usage in its stream, no health, a tokenizer of its own."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from endpoint_rig import BRIEF, HASTY, QUESTION, kinds, launch

from weighbridge.domain.proof.events import Completed, Connected, Failed
from weighbridge.domain.proof.settings import Request
from weighbridge.services import bundled
from weighbridge.services.endpoint.openai.runtime import OpenAIRuntime

pytestmark = pytest.mark.slow
SERVER = """
import llama_cpp.llama_cpp as C
params = C.llama_model_default_params
def without_extra_buffers():
    made = params()
    made.use_extra_bufts = False
    return made
C.llama_model_default_params = without_extra_buffers
from llama_cpp.server.__main__ import main
main()
"""
"""Its options cannot ask for no extra buffers, with which llama.cpp dies on some processors."""


@pytest.fixture
def address() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"model": bundled.find().path, "model_alias": "tiny", "n_ctx": 512, "n_threads": 1, "port": port}
    command = [sys.executable, "-c", SERVER, *(str(part) for k, v in options.items() for part in (f"--{k}", v))]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield f"http://127.0.0.1:{port}/v1"
        process.kill()


async def test_what_it_does_not_count_stays_unknown(address: str) -> None:
    patience = BRIEF._replace(unreachable_s=60.0)
    limits = HASTY._replace(first_s=60.0, stall_s=20.0)
    runtime = OpenAIRuntime(
        launch(address, max_tokens=6), asyncio.get_running_loop().time, (), patience=patience, limits=limits
    )
    (ready,) = kinds([event async for event in runtime.start()], Connected)
    assert ready.engine == "llama-cpp-python" and ready.version and ready.max_model_len is None
    (done,) = kinds([event async for event in runtime.generate(QUESTION)], Completed)
    assert (done.prompt_tokens, done.output_tokens, done.pieces) == (None, None, 6)
    assert done.sent_tokens == 7 and done.sent_by.endswith("without the chat template")
    *_, failed = [event async for event in runtime.generate(Request(id="long", prompt="word " * 600))]
    await runtime.stop()
    assert isinstance(failed, Failed) and "ended its answer without saying that it is whole" in failed.message
