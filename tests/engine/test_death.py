"""A child that dies, hangs or talks nonsense is a result, not an exception."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from engine_rig import PROMPT, Rig, is_gone, pid_of, the
from markov_gguf import WORDS, write_model

from weighbridge.domain.problems import OutsideFailed
from weighbridge.domain.proof.events import Completed, Event, Failed, Token
from weighbridge.domain.proof.runtime import retry_mode
from weighbridge.domain.proof.settings import Request
from weighbridge.services.engine import spawn
from weighbridge.services.engine.death import explain
from weighbridge.services.engine.llama_runtime import LlamaRuntime

TALK = Request(id="r", prompt="Count from one to a hundred.")


async def _hit(runtime: LlamaRuntime, pid: int, number: int, silence_s: float = 120.0) -> list[Event]:
    """Sends a signal at the third token and reads the rest. `silence_s`: the patience from there on."""
    events: list[Event] = []
    async for event in runtime.generate(TALK):
        events.append(event)
        if isinstance(event, Token) and event.index == 2:
            os.kill(pid, number)
            runtime._watch.silence_s = silence_s
    return events


@pytest.mark.parametrize(
    ("number", "words", "retry"),
    [
        (signal.SIGSEGV, "SIGSEGV", "safe"),
        (signal.SIGABRT, "SIGABRT", "safe"),
        (signal.SIGILL, "built for another CPU", "safe"),
        (signal.SIGKILL, "killed by the system, most likely out of memory", "safe"),
    ],
)
async def test_death_by_a_signal(rig: Rig, number: signal.Signals, words: str, retry: str | None) -> None:
    runtime, pid = await rig.started(rig.launch(max_tokens=400))
    events = await _hit(runtime, pid, number)
    failed, stopped = the(Failed, events), await runtime.stop()
    assert events[-1] == failed
    assert (failed.kind, failed.signal, failed.exit_code) == ("crash", number.name, -number)
    assert failed.phase == "decode" and words in failed.message
    assert "sched_reserve" in failed.last_log
    assert stopped is not None and (stopped.how, stopped.signal) == ("crashed", number.name)
    assert stopped.gone and is_gone(pid)
    assert retry_mode(failed, "default") == retry
    assert {event.event async for event in runtime.generate(TALK)} <= {"sample"}, "a dead child answers nothing more"


async def test_death_between_two_requests_is_told_at_the_next(rig: Rig) -> None:
    runtime, pid = await rig.started()
    os.kill(pid, signal.SIGKILL)
    events = [event async for event in runtime.generate(TALK)]
    assert the(Failed, events).phase in ("idle", "prefill"), "whichever was noticed first"


async def test_a_child_without_heartbeat_hangs(rig: Rig) -> None:
    runtime, pid = await rig.started(rig.launch(max_tokens=400))
    events = await _hit(runtime, pid, signal.SIGSTOP, silence_s=1.0)
    failed, stopped = the(Failed, events), await runtime.stop()
    assert (failed.kind, failed.phase) == ("hang", "decode") and "not answered" in failed.message
    assert stopped is not None and (stopped.how, stopped.gone) == ("killed", True)
    assert retry_mode(failed, "default") is None


async def test_a_child_that_beats_but_computes_nothing_hangs(rig: Rig) -> None:
    runtime, _ = await rig.started(rig.launch(n_ctx=8192, n_batch=8192))
    runtime._watch.stuck_s = 3.0
    events = [event async for event in runtime.generate(rig.request("word " * 7000))]
    failed = the(Failed, events)
    assert (failed.kind, failed.phase) == ("hang", "prefill") and "computed nothing" in failed.message


async def _limited(rig: Rig, prompt: str, under_way: str, **known: Any) -> list[Event]:
    """The events of the first life whose time limit comes when such an event was there.

    The limit is of the whole life: a busy machine may need all of a short one to start and load.
    """
    for limit_s in (3.0, 12.0, 48.0):
        runtime = rig.runtime(rig.launch(time_limit_s=limit_s, **known))
        events = [event async for event in runtime.start()]
        if not isinstance(events[-1], Failed):
            events += [event async for event in runtime.generate(rig.request(prompt))]
        await runtime.stop()
        if any(event.event == under_way and event.t < limit_s for event in events):
            return events
    raise AssertionError("no life came so far within its time limit")


async def test_the_time_limit_ends_an_answer_between_two_tokens(rig: Rig, tmp_path: Path) -> None:
    path = write_model(tmp_path / "m.gguf", {WORDS: WORDS + 1, WORDS + 1: WORDS})
    completed = the(Completed, await _limited(rig, "a", "token", model=path, n_ctx=65_536, max_tokens=60_000))
    assert completed.stop_reason == "time_limit" and completed.output


async def test_the_time_limit_ends_a_child_inside_native_code(rig: Rig) -> None:
    events = await _limited(rig, "word " * 7000, "request", n_ctx=8192, n_batch=8192)
    failed = the(Failed, events)
    assert (failed.kind, failed.phase) == ("time_limit", "prefill") and "time limit" in failed.message
    assert is_gone(pid_of(events))


@pytest.mark.parametrize(
    ("module", "kind", "words"),
    [("this", "protocol", "The Zen of Python"), ("no_such_module_at_all", "crash", "exit code 1")],
)
async def test_a_process_that_is_no_child_of_ours(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, module: str, kind: str, words: str
) -> None:
    monkeypatch.setattr(spawn, "CHILD", module)
    runtime = rig.runtime()
    events = [event async for event in runtime.start()]
    failed, stopped = the(Failed, events), await runtime.stop()
    assert failed.kind == kind and words in failed.message
    assert stopped is not None and stopped.gone


async def test_a_line_without_end(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "MAX_LINE_BYTES", 300)
    runtime = rig.runtime()
    events = [event async for event in runtime.start()]
    assert the(Failed, events).kind == "protocol"


async def test_a_log_that_cannot_be_written(rig: Rig) -> None:
    launch = rig.launch().model_copy(update={"log_path": str(rig.log / "nowhere" / "engine.log")})
    with pytest.raises(OutsideFailed, match="cannot be started"):
        _ = [event async for event in rig.runtime(launch).start()]


async def test_the_default_mode_works_or_is_told_why(rig: Rig) -> None:
    """Some processors fault in the engine's default mode: then safe mode is tried, and works."""
    runtime = rig.runtime(rig.launch(mode="default"))
    events = [event async for event in runtime.start()]
    events += [event async for event in runtime.generate(rig.request(PROMPT))]
    await runtime.stop()
    assert is_gone(pid_of(events))
    if events[-1].event == "completed":
        return
    failed = the(Failed, events)
    assert failed.kind == "crash" and failed.signal is not None and failed.phase == "prefill"
    assert retry_mode(failed, "default") == "safe"


def test_a_signal_without_a_name() -> None:
    failed = explain(-40, "load", 1.0, "")
    assert failed.signal == "signal 40" and failed.message.endswith("signal 40.")
