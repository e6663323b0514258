"""An answer ends at its time limit, a conversation goes through the template, and the child takes the next case."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from engine_rig import Rig, is_gone, known, the, until
from markov_gguf import WORDS, write_model

from weighbridge.domain.proof.events import Completed, Event, Failed, RequestStarted
from weighbridge.domain.proof.settings import Message, Request
from weighbridge.services.engine.llama_runtime import LlamaRuntime

A, B = WORDS, WORDS + 1
SWING = {A: B, B: A}
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{{ m.content }}{% endfor %}"
)
LAST_ALONE = "{{ messages[-1].content }}"
ALL = "{% for m in messages %}{{ m.role }}: {{ m.content }} {% endfor %}"
TALK = (Message(role="system", content="b b b"), Message(role="user", content="a"))


async def asked(runtime: LlamaRuntime, request: Request) -> list[Event]:
    return [event async for event in runtime.generate(request)]


async def test_an_answer_is_cut_between_two_tokens(rig: Rig, tmp_path: Path) -> None:
    launch = rig.launch(model=write_model(tmp_path / "m.gguf", SWING), n_ctx=65_536, max_tokens=60_000)
    runtime, _ = await rig.started(launch)
    events = await asked(runtime, rig.request("a", time_limit_s=1.0))
    done = the(Completed, events)
    assert the(RequestStarted, events).time_limit_s == 1.0
    assert done.stop_reason == "time_limit" and 0 < known(done.output_tokens) < 60_000
    assert (await rig.ask(runtime, "a", max_tokens=5)).stop_reason == "max_tokens", "the next one has its own time"


async def test_a_prompt_is_cut_within_its_computation(rig: Rig) -> None:
    runtime, pid = await rig.started(rig.launch(n_ctx=2048, n_batch=2048, n_ubatch=2048))
    cold = await rig.ask(runtime)
    done = await rig.ask(runtime, "A long story about a ferry. " * 250, time_limit_s=0.05)
    assert (done.stop_reason, done.output_tokens, done.prefill_s) == ("time_limit", 0, 0.0)
    again = await rig.ask(runtime)
    assert (again.output, again.stop_reason) == (cold.output, cold.stop_reason) and pid


async def test_a_conversation_goes_through_the_template(rig: Rig, tmp_path: Path) -> None:
    runtime, _ = await rig.started(rig.launch(model=write_model(tmp_path / "m.gguf", SWING, template=ALL)))
    one = await rig.ask(runtime, "as text", messages=TALK)
    same = await rig.ask(runtime, "as text", messages=(Message(role="user", content="b b b user: a"),))
    assert one.prompt_tokens == known(same.prompt_tokens) + len("system") - len("user")
    raw, _ = await rig.started(rig.launch(model=write_model(tmp_path / "raw.gguf", SWING)))
    assert (await rig.ask(raw, "a b", messages=TALK)).prompt_tokens == (await rig.ask(raw, "a b")).prompt_tokens


async def test_a_conversation_that_the_template_refuses_fails_its_case_alone(rig: Rig, tmp_path: Path) -> None:
    runtime, _ = await rig.started(rig.launch(model=write_model(tmp_path / "m.gguf", SWING, template=NO_SYSTEM)))
    failed = the(Failed, await asked(runtime, rig.request("a", messages=TALK, case="x")))
    assert failed.kind == "refused" and failed.survived
    assert failed.message == ("The chat template fails on the conversation (system, user): System role not supported.")
    assert (await rig.ask(runtime, "a", case="y")).output_tokens == 8
    failed = the(Failed, await asked(runtime, rig.request("a", messages=TALK)))
    assert not failed.survived, "without a case there is nothing to go on with"


async def test_a_system_message_is_never_dropped_in_silence(rig: Rig, tmp_path: Path) -> None:
    runtime, _ = await rig.started(rig.launch(model=write_model(tmp_path / "m.gguf", SWING, template=LAST_ALONE)))
    failed = the(Failed, await asked(runtime, rig.request("a", messages=TALK, case="x")))
    assert failed.message.startswith("The chat template leaves the system message out")


async def test_a_child_that_does_not_come_back_at_its_limit_is_ended(rig: Rig, tmp_path: Path) -> None:
    launch = rig.launch(model=write_model(tmp_path / "m.gguf", SWING), n_ctx=65_536, max_tokens=60_000)
    runtime, pid = await rig.started(launch)
    seen: list[Event] = []
    async for event in runtime.generate(rig.request("a", time_limit_s=0.2)):
        if not seen:
            os.kill(pid, signal.SIGSTOP)
        seen.append(event)
    failed = the(Failed, seen)
    assert failed.kind == "time_limit" and "time limit of 0.2 s" in failed.message
    await until(lambda: is_gone(pid))
