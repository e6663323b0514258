"""A server of our own, started, asked, ended; and everything that it may do instead. See stand_ins.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from transformers_serve.stand_ins import Kind, install, model_folder
from weighbridge.domain.proof.events import Completed, Connected, Event, Failed, Sample, Spawned, Stopped
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.serving.target import Target
from weighbridge.services.endpoint.transformers.choice import describe
from weighbridge.services.endpoint.transformers.runtime import TransformersRuntime
from weighbridge.services.endpoint.transformers.started import listens

Make = Callable[[Kind], TransformersRuntime]


@pytest.fixture
async def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A runtime on a folder, with the stand-in of a kind."""
    monkeypatch.setenv("WEIGHBRIDGE_TRANSFORMERS_PYTHON", str(install("mute", tmp_path / "bin")))
    model, _ = await describe(model_folder(tmp_path / "private place" / "my model"))
    launch = Launch(
        model_path=model.path,
        model_sha256=model.sha256,
        settings=RuntimeSettings(n_threads=1, max_tokens=4),
        log_path=str(tmp_path / "server.log"),
        target=Target(api="openai", base_url="", model=model.served_name, origin="started", engine="transformers"),
    )

    def made(kind: Kind) -> TransformersRuntime:
        install(kind, tmp_path / "bin")
        zero = time.monotonic()
        return TransformersRuntime(launch, lambda: time.monotonic() - zero, ready_s=1.0 if kind == "mute" else 120.0)

    return made


async def test_a_server_is_started_asked_and_shown_to_be_gone(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "WEIGHBRIDGE_API_KEY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "hf_secret")
    runtime = make("answers")
    started = [event async for event in runtime.start()]
    pid = next(event for event in started if isinstance(event, Spawned)).pid
    told = next(event for event in started if isinstance(event, Connected))
    assert any(isinstance(event, Sample) and event.rss_bytes > 0 for event in started)
    assert (told.model, told.pid) == ("my-model", pid)
    assert told.facts["command"].endswith("--no-trust-remote-code -- my-model")
    if sys.platform == "linux":
        assert b"hf_secret" not in Path(f"/proc/{pid}/environ").read_bytes()
        assert b"private place" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    answered = [event async for event in runtime.generate(Request(id="r0", prompt="Say yes.", case="c"))]
    done = next(event for event in answered if isinstance(event, Completed))
    assert done.output and done.output_tokens
    stopped = await _stopped(runtime)
    assert stopped.pid == pid
    assert not psutil.pid_exists(pid)
    port = int(told.facts["command"].split("--port ")[1].split()[0])
    assert not listens(port)
    assert str(tmp_path) not in "".join(event.model_dump_json() for event in (*started, *answered, stopped))


async def test_a_server_that_refuses_the_model_is_quoted(make: Make) -> None:
    runtime = make("broken")
    failed = _failed([event async for event in runtime.start()])
    assert failed.phase == "load"
    assert "ended before it listened (exit code 1)" in failed.message
    assert "Unrecognized model" in failed.message
    await _stopped(runtime)


async def test_a_server_that_never_listens_is_given_up_and_ended(make: Make) -> None:
    runtime = make("mute")
    started = [event async for event in runtime.start()]
    assert "did not listen within 1 s" in _failed(started).message
    stopped = await _stopped(runtime)
    assert stopped.how in ("terminated", "killed")


async def test_a_server_that_will_not_end_is_killed_with_what_it_started(make: Make) -> None:
    runtime = make("stubborn")
    started = [event async for event in runtime.start()]
    pid = next(event for event in started if isinstance(event, Spawned)).pid
    children = psutil.Process(pid).children(recursive=True)
    assert children
    stopped = await _stopped(runtime)
    assert (stopped.how, stopped.signal) == ("killed", "SIGKILL")
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


async def test_a_server_that_dies_in_an_answer_is_a_crash_with_its_signal(make: Make) -> None:
    runtime = make("dies")
    assert [event async for event in runtime.start()]
    failed = _failed([event async for event in runtime.generate(Request(id="r0", prompt="Say yes.", case="c"))])
    assert (failed.kind, failed.signal, failed.survived) == ("crash", "SIGKILL", False)
    assert (await _stopped(runtime)).how == "crashed"


async def test_a_folder_that_changed_since_it_was_chosen_is_not_served(make: Make, tmp_path: Path) -> None:
    runtime = make("answers")
    (tmp_path / "private place" / "my model" / "config.json").write_text('{"model_type": "gpt2"}')
    assert "has changed" in _failed([event async for event in runtime.start()]).message
    stopped = await runtime.stop()
    assert stopped is not None and stopped.pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
def test_a_killed_weighbridge_leaves_no_server(tmp_path: Path) -> None:
    install("mute", tmp_path / "bin")
    model_folder(tmp_path / "m")
    program = f"""
import asyncio
from weighbridge.services.endpoint.transformers.started import start
command = [{str(tmp_path / "bin" / "transformers")!r}, "serve", "--host", "127.0.0.1", "--port", "1",
           "--no-trust-remote-code", "--", "m"]
async def main():
    server = await start(command, 1, {{}}, {str(tmp_path / "log")!r}, {str(tmp_path)!r})
    print(server.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as weighbridge:
        assert weighbridge.stdout is not None
        server = psutil.Process(int(weighbridge.stdout.readline()))
        deadline = time.monotonic() + 60
        while "transformers" not in " ".join(server.cmdline()[:2]) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(weighbridge.pid, signal.SIGKILL)
    gone, _ = psutil.wait_procs([server], timeout=60)
    assert gone


def _failed(events: list[Event]) -> Failed:
    return next(event for event in events if isinstance(event, Failed))


async def _stopped(runtime: TransformersRuntime) -> Stopped:
    """The evidence of the stop, which must show that nothing is left."""
    stopped = await runtime.stop()
    assert stopped is not None and stopped.gone, stopped
    assert await runtime.stop() is stopped
    return stopped
