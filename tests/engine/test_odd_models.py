"""Models and templates that mean no good, or have nothing to say: a sentence or a marked result each."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from engine_rig import Rig, the
from markov_gguf import BEGIN, END, WORDS, byte, write_model

from weighbridge.domain.proof.events import Completed, Event, Failed, Loaded, Token
from weighbridge.services.engine.death import explain

A, B = WORDS, WORDS + 1
SWING = {A: B, B: A}
"""After one word the other, for ever."""


async def asked(rig: Rig, path: Path, prompt: str = "a", **settings: Any) -> list[Event]:
    """Every event of one model and one prompt."""
    runtime = rig.runtime(rig.launch(model=path, **settings))
    events = [event async for event in runtime.start()]
    if not any(isinstance(event, Failed) for event in events):
        events += [event async for event in runtime.generate(rig.request(prompt))]
    return events


async def test_a_model_that_ends_its_answer_at_once(rig: Rig, tmp_path: Path) -> None:
    done = the(Completed, await asked(rig, write_model(tmp_path / "m.gguf", {})))
    assert (done.stop_reason, done.output, done.output_tokens, done.prompt_tokens) == ("eos", "", 0, 2)
    assert done.engine_decode_tokens == 0


async def test_broken_characters_and_terminal_escapes_arrive_as_they_are(rig: Rig, tmp_path: Path) -> None:
    said = [0x1B, ord("["), ord("2"), ord("J"), 0xFF, 0xE2, 0x82, 0xAC, 0xC3]
    chain = [A, *map(byte, said), END]
    path = write_model(tmp_path / "m.gguf", dict(pairwise(chain)))
    events = await asked(rig, path, max_tokens=20)
    done = the(Completed, events)
    assert done.output == "\x1b[2J\ufffd\u20ac\ufffd", "the last character was never finished"
    texts = [event.text for event in events if isinstance(event, Token)]
    assert (done.stop_reason, done.output_tokens, len(texts)) == ("eos", 9, 9)
    assert texts[:4] == ["\x1b", "[", "2", "J"] and texts[5:8] == ["", "", "\u20ac"]


async def test_control_tokens_are_counted_and_write_nothing(rig: Rig, tmp_path: Path) -> None:
    done = the(Completed, await asked(rig, write_model(tmp_path / "m.gguf", {A: BEGIN, BEGIN: BEGIN}), max_tokens=5))
    assert (done.stop_reason, done.output, done.output_tokens) == ("max_tokens", "", 5)


async def test_of_equally_likely_tokens_the_lowest_number_is_taken(rig: Rig, tmp_path: Path) -> None:
    """As llama.cpp's own greedy sampler does."""
    path = write_model(tmp_path / "m.gguf", {A: (A, B), B: (B, byte(ord("x")), A), byte(ord("x")): (A, B)})
    done = the(Completed, await asked(rig, path, "b", max_tokens=4))
    assert done.output == "x a a a"


async def test_a_context_beyond_the_trained_one_runs_and_says_both(rig: Rig, tmp_path: Path) -> None:
    events = await asked(rig, write_model(tmp_path / "m.gguf", SWING, n_ctx_train=64), n_ctx=256)
    loaded = the(Loaded, events)
    assert (loaded.n_ctx_train, loaded.n_ctx) == (64, 256)
    assert the(Completed, events).output_tokens == 8


async def test_a_prompt_longer_than_the_context_is_counted_and_never_cut(rig: Rig, tmp_path: Path) -> None:
    done = the(Completed, await asked(rig, write_model(tmp_path / "m.gguf", SWING), "a " * 400, n_ctx=256))
    assert (done.stop_reason, done.prompt_tokens, done.output_tokens) == ("context_full", 404, 0)


async def test_a_micro_batch_larger_than_the_batch_is_taken_as_the_batch(rig: Rig, tmp_path: Path) -> None:
    events = await asked(rig, write_model(tmp_path / "m.gguf", SWING), n_batch=32, n_ubatch=64)
    loaded = the(Loaded, events)
    assert (loaded.n_batch, loaded.n_ubatch) == (32, 32) and the(Completed, events).output_tokens == 8


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ raise_exception('no user here.') }}", "on the prompt: no user here."),
        ("{{ messages[5].content }}", "has no element 5"),
        ("{{ messages[0].content * 900000000 }}", "takes more than 256 MiB of memory"),
        ("{{ messages[0].content * 9000000 }}", "makes 9,000,000 characters of the prompt; the limit is 65,552"),
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "takes longer than 3 s"),
        ("{{ 9**(9**9) }}", "cannot be read: it takes longer than 3 s"),
    ],
    ids=["raises", "index", "gigabytes", "megabytes", "loops", "constant"],
)
async def test_a_template_that_fails(rig: Rig, tmp_path: Path, template: str, words: str) -> None:
    failed = the(Failed, await asked(rig, write_model(tmp_path / "m.gguf", SWING, template=template)))
    assert failed.kind == "refused" and words in failed.message and failed.message.endswith(".")
    assert "Traceback" not in rig.log.read_text()


def test_native_code_that_never_comes_back_is_told_apart_from_a_crash() -> None:
    failed = explain(-27, "prefill", 1.0, "")
    assert (failed.kind, failed.signal) == ("time_limit", "SIGPROF") and "chat template" in failed.message
