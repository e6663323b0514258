"""Files that are no models end in one `failed` event with a sentence, never in an exception."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from engine_rig import PROMPT, Rig, is_gone, known, the, until

from weighbridge.domain.proof.events import Failed, Loaded, Stopped
from weighbridge.domain.proof.runtime import Launch

TEMPLATE_KEY = b"tokenizer.chat_template"


def _cut(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def _block_count(raw: bytes) -> bytes:
    """More layers than llama.cpp has room for: it aborts on a check of its own."""
    key = b"llama.block_count" + (4).to_bytes(4, "little")
    at = raw.index(key) + len(key)
    return raw[:at] + (513).to_bytes(4, "little") + raw[at + 4 :]


async def _failure(rig: Rig, launch: Launch) -> Failed:
    runtime = rig.runtime(launch)
    events = [event async for event in runtime.start()]
    failed = the(Failed, events)
    assert events[-1] == failed and not [event for event in events if event.event == "loaded"]
    stopped = await runtime.stop()
    assert stopped is not None and stopped.gone and is_gone(stopped.pid)
    for text in (failed.message, failed.last_log):
        assert "\n" not in text and "Traceback" not in text
    assert str(Path(launch.model_path).parent) not in failed.message + failed.last_log + rig.log.read_text()
    return failed


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda raw: b"", "the file: failed to read magic."),
        (lambda raw: bytes(4096), "magic"),
        (lambda raw: b"\x89PNG\r\n\x1a\n" + bytes(200), "magic"),
        (lambda raw: raw[:1000], "exceeds remaining file size"),
        (_cut, "corrupted or incomplete."),
    ],
    ids=["empty", "zeros", "png", "a piece of the header", "half of it"],
)
async def test_no_model_in_it(rig: Rig, tmp_path: Path, make: Callable[[bytes], bytes], words: str) -> None:
    path = tmp_path / "model" / "bad.gguf"
    path.parent.mkdir()
    path.write_bytes(make(rig.model.read_bytes()))
    failed = await _failure(rig, rig.launch(model=path))
    assert failed.message.startswith("The engine cannot load the file: ")
    assert (failed.kind, failed.phase, failed.exit_code) == ("refused", "load", 4)
    assert words in failed.message and failed.last_log


async def test_a_header_on_which_the_engine_aborts(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(_block_count(rig.model.read_bytes()))
    failed = await _failure(rig, rig.launch(model=path))
    assert (failed.kind, failed.signal, failed.phase) == ("crash", "SIGABRT", "load")
    assert failed.last_log.startswith("llama-model.cpp:") and "GGML_ASSERT" in failed.last_log


async def test_no_such_file_and_a_directory(rig: Rig, tmp_path: Path) -> None:
    for path in (tmp_path / "absent" / "no.gguf", tmp_path / "here"):
        (tmp_path / "here").mkdir(exist_ok=True)
        failed = await _failure(rig, rig.launch(model=path))
        assert (failed.kind, failed.phase) == ("refused", "load")


async def test_less_address_space_than_the_model_needs(rig: Rig) -> None:
    launch = rig.launch(n_ctx=8192).model_copy(update={"address_space_bytes": 420 * 1024 * 1024})
    failed = await _failure(rig, launch)
    assert (failed.kind, failed.phase) == ("refused", "load") and "insufficient memory" in failed.message


def _with_template(raw: bytes, template: bytes) -> bytes:
    """The same model with another chat template of the same length, so that nothing moves."""
    at = raw.index(TEMPLATE_KEY) + len(TEMPLATE_KEY) + 4
    size = int.from_bytes(raw[at : at + 8], "little")
    assert len(template) <= size
    return raw[: at + 8] + template.ljust(size) + raw[at + 8 + size :]


async def test_a_template_that_is_no_template(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(_with_template(rig.model.read_bytes(), b"{% for x in %}"))
    failed = await _failure(rig, rig.launch(model=path))
    assert failed.kind == "refused" and "chat template" in failed.message


async def test_a_template_that_reaches_for_the_system(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    trick = b"{{ ''.__class__.__mro__[1].__subclasses__() }}"
    path.write_bytes(_with_template(rig.model.read_bytes(), trick))
    runtime, _ = await rig.started(rig.launch(model=path))
    events = [event async for event in runtime.generate(rig.request(PROMPT))]
    failed = the(Failed, events)
    assert failed.kind == "refused" and "SecurityError" in failed.message


async def test_a_template_that_never_ends_can_be_stopped(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    endless = b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    path.write_bytes(_with_template(rig.model.read_bytes(), endless))
    runtime, pid = await rig.started(rig.launch(model=path))

    async def stop_once_busy() -> Stopped | None:
        await until(lambda: psutil.Process(pid).cpu_times().user > 1)
        return await runtime.stop()

    stopping = asyncio.create_task(stop_once_busy())
    assert {event.event async for event in runtime.generate(rig.request())} <= {"sample"}
    stopped = await stopping
    assert stopped is not None and stopped.seconds < 10.0 and is_gone(pid)


async def test_without_a_template_the_prompt_goes_in_raw(rig: Rig, tmp_path: Path) -> None:
    raw = rig.model.read_bytes()
    path = tmp_path / "raw.gguf"
    path.write_bytes(raw.replace(TEMPLATE_KEY, b"tokenizer.chat_xxxxxxxx", 1))
    runtime = rig.runtime(rig.launch(model=path))
    events = [event async for event in runtime.start()]
    assert the(Loaded, events).chat_template_sha256 is None
    assert (await rig.ask(runtime, "one two three")).prompt_tokens == 3


async def test_the_template_is_the_one_of_the_file(rig: Rig, tmp_path: Path) -> None:
    template = b"{{ messages[0]['content'] }}"
    raw = _with_template(rig.model.read_bytes(), template)
    path = tmp_path / "other.gguf"
    path.write_bytes(raw)
    runtime = rig.runtime(rig.launch(model=path))
    events = [event async for event in runtime.start()]
    at = raw.index(TEMPLATE_KEY) + len(TEMPLATE_KEY) + 4
    size = int.from_bytes(raw[at : at + 8], "little")
    assert the(Loaded, events).chat_template_sha256 == hashlib.sha256(template.ljust(size)).hexdigest()
    assert known((await rig.ask(runtime, "one two three")).prompt_tokens) < 15, "no system prompt around it"
